import { expect, it } from 'vitest'
import { joinRecords } from '../../../../harness/target/ssh/pstore.js'

it('puts the parts of what a kernel kept in their order, and says nothing twice', () => {
  const text = `== dmesg-efi-1
Panic#2 Part1
<4>[   12.2] the last
== dmesg-efi-2
Panic#2 Part2
<6>[   12.0] the first
<1>[   12.1] BUG: it begins
== dmesg-efi-3
Oops#1 Part1
<6>[   12.0] the first
<1>[   12.1] BUG: it begins

== dmesg-erst-9
nothing that pstore wrote
`
  expect(joinRecords(text)).toBe('[   12.0] the first\n[   12.1] BUG: it begins\n[   12.2] the last\n')
})

it('has nothing to say where nothing was kept', () => {
  expect(joinRecords('')).toBe('')
})
