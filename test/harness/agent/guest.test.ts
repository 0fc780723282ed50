import { expect, it } from 'vitest'
import { lruEntries } from '../../../harness/agent/guest/nfs-server.js'
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
