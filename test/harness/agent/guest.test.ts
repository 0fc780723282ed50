import { expect, it } from 'vitest'
import { exportOf, exportsTable } from '../../../harness/agent/guest/file-systems.js'
import { isServed, lruEntries } from '../../../harness/agent/guest/nfs-server.js'
import { offsetsIn } from '../../../harness/agent/guest/ring-map.js'
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

// The same of the ring buffer's structures on 6.12.118, the members that are wanted and one more of each.
const ringLayout = `struct trace_array {
	struct list_head           list;                 /*     0    16 */
	char *                     name;                 /*    16     8 */
	struct array_buffer        array_buffer;         /*    24    40 */
	struct array_buffer        max_buffer;           /*    64    40 */
};
struct array_buffer {
	struct trace_array *       tr;                   /*     0     8 */
	struct trace_buffer *      buffer;               /*     8     8 */
};
struct trace_buffer {
	atomic_t                   record_disabled;      /*     4     4 */
	struct ring_buffer_per_cpu * * buffers;          /*    64     8 */
	u64                        (*clock)(void);       /*    88     8 */
};
struct ring_buffer_per_cpu {
	struct trace_buffer *      buffer;               /*    16     8 */
	/* --- cacheline 1 boundary (64 bytes) --- */
	struct buffer_page *       head_page;            /*    80     8 */
	struct buffer_page *       commit_page;          /*    96     8 */
	struct buffer_page *       reader_page;          /*   104     8 */
	long unsigned int          lost_events;          /*   112     8 */
	long unsigned int          last_overrun;         /*   120     8 */
	local_t                    overrun;              /*   152     8 */
	long unsigned int          read;                 /*   232     8 */
	u64                        read_stamp;           /*   304     8 */
};
struct buffer_page {
	struct list_head           list;                 /*     0    16 */
	unsigned int               read;                 /*    24     4 */
	struct buffer_data_page *  page;                 /*    56     8 */
};
struct buffer_data_page {
	u64                        time_stamp;           /*     0     8 */
	local_t                    commit;               /*     8     8 */
	unsigned char              data[];               /*    16     0 */
};
`

it('reads where the ring buffers are from what pahole prints, and says what a kernel does not have', () => {
  expect(offsetsIn(ringLayout)).toMatchObject({
    'array_buffer.buffer': 8,
    'ring_buffer_per_cpu.reader_page': 104,
    'ring_buffer_per_cpu.read': 232,
    'buffer_page.read': 24,
  })
  const other = ringLayout.replace('head_page', 'first_page').replace('time_stamp', 'stamp')
  expect(() => offsetsIn(other)).toThrow(
    "the kernel's types have no ring_buffer_per_cpu.head_page, buffer_data_page.time_stamp",
  )
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
