import { expect, it } from 'vitest'
import { exportOf, exportsTable } from '../../../harness/agent/guest/file-systems.js'
import { isServed, lruEntries } from '../../../harness/agent/guest/nfs-server.js'
import { findFlagBit, parseOffsets, parseSize } from '../../../harness/agent/guest/test-module.js'

// What pahole and the kernel print on Debian's 6.1.192.
const layout = `struct nfsd_file {
	struct rhlist_head         nf_rlist;             /*     0    16 */
	void *                     nf_inode;             /*    16     8 */
	long unsigned int          nf_flags;             /*    48     8 */
	refcount_t                 nf_ref;               /*    56     4 */
	unsigned char              nf_may;               /*    60     1 */
	/* --- cacheline 1 boundary (64 bytes) --- */
	/* size: 128, cachelines: 2, members: 13 */
};`
const format =
  'print fmt: "flags=%s", __print_flags(REC->nf_flags, "|", { 1 << (0), "HASHED" }, { 1 << (3), "GC" })'

it('reads the offsets of members from what pahole prints', () => {
  const offsets = parseOffsets(layout)
  expect(Object.fromEntries(offsets)).toEqual({
    nf_rlist: 0,
    nf_inode: 16,
    nf_flags: 48,
    nf_ref: 56,
    nf_may: 60,
  })
})

it('reads the size of a struct, which has no other', () => {
  expect(parseSize(layout)).toBe(128)
  expect(parseSize('')).toBeUndefined()
})

it('finds the bit of a flag in an event format', () => {
  expect(findFlagBit(format, 'GC')).toBe(3)
  expect(findFlagBit(format, 'HASHED')).toBe(0)
  expect(findFlagBit(format, 'RECENT')).toBeUndefined()
})

it('keeps an underflowed counter as the kernel prints it', () => {
  expect(lruEntries('hash buckets:  256\nlru entries:   18446744073709551599\n')).toBe('18446744073709551599')
  expect(lruEntries('')).toBeUndefined()
})

it.each([
  ['4.0', '-2 +3 +4 +4.1 +4.2', true],
  ['4.0', '-2 +3 +4 -4.0 +4.1 +4.2', false],
  ['4.1', '+3 +4 +4.1 -4.2', true],
  ['4.2', '+3 +4 +4.1 -4.2', false],
  ['4.1', '+3 -4', false],
  ['3', '-3 +4 +4.1', false],
  ['3', '+3 -4', true],
] as const)('knows from what nfsd says whether it serves version %s: %s', (version, text, isOn) => {
  expect(isServed(version, `${text}\n`)).toBe(isOn)
})

it('exports the pseudo root in any case, and each file system by a number of its own', () => {
  const table = exportsTable([exportOf('xfs'), exportOf('btrfs')], ['127.0.0.1', '10.77.0.0/16'])
  const lines = table.trimEnd().split('\n')
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['/srv/fct', '/srv/fct/xfs', '/srv/fct/btrfs'])
  expect(lines.map((line) => [...line.matchAll(/fsid=(\d)/g)].map(([, fsid]) => fsid))).toEqual([
    ['0', '0'],
    ['1', '1'],
    ['2', '2'],
  ])
})
