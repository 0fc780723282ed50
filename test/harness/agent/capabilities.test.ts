import { expect, it } from 'vitest'
import { hasFolder, parseCapabilities } from '../../../harness/agent/capabilities.js'

const text = [
  'close yes',
  'local no: symbol nfsd_file_acquire_local not found',
  'inject yes',
  'ops nfsd_file_put nfsd_file_get',
  'points nfsd_file_put entry_nfsd_file_get',
  '',
].join('\n')

it('reads what is absent, with its reason, and the injection points', () => {
  const { absent, points } = parseCapabilities(text)
  expect([...absent]).toEqual([['local', 'symbol nfsd_file_acquire_local not found']])
  expect([...points]).toEqual(['nfsd_file_put', 'entry_nfsd_file_get'])
})

it.each([
  ['close', true],
  ['local', false],
  ['inject', true],
  ['inject/nfsd_file_put', true],
  ['inject/nfsd_file_unhash', false],
])('says whether the folder %s is there', (folder, isThere) => {
  expect(hasFolder(parseCapabilities(text), folder)).toBe(isThere)
})

it('has no folder of a point where injection is absent', () => {
  const capabilities = parseCapabilities('inject no: nfsd is not loaded\npoints nfsd_file_put\n')
  expect(hasFolder(capabilities, 'inject/nfsd_file_put')).toBe(false)
})
