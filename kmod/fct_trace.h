/* SPDX-License-Identifier: GPL-2.0 */
/* fct_trace.h - the module's trace events, the oracle's input */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM fctorture

#if !defined(FCT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define FCT_TRACE_H

#include <linux/sched.h>
#include <linux/tracepoint.h>

#ifndef FCT_OPS
/*
 * nfsd's tracepoints that carry a struct nfsd_file, of all flavours of the file cache: number in the
 * events (never reused), name, and the probe of fct_observe.c that knows where the pointer is.
 * fct_op() stands before all but the last, for lists that are separated by commas.
 */
#define FCT_OPS(fct_op, fct_last_op)							\
	fct_op(1, nfsd_file_alloc, probe_file)						\
	fct_op(2, nfsd_file_open, probe_file_status)					\
	fct_op(3, nfsd_file_opened, probe_file_status)					\
	fct_op(4, nfsd_file_acquire, probe_acquire)					\
	fct_op(5, nfsd_file_cons_err, probe_cons_err)					\
	fct_op(6, nfsd_file_put, probe_file)						\
	fct_op(7, nfsd_file_lru_add, probe_file)					\
	fct_op(8, nfsd_file_lru_del, probe_file)					\
	fct_op(9, nfsd_file_gc_in_use, probe_file)					\
	fct_op(10, nfsd_file_gc_writeback, probe_file)					\
	fct_op(11, nfsd_file_gc_referenced, probe_file)					\
	fct_op(12, nfsd_file_gc_disposed, probe_file)					\
	fct_op(13, nfsd_file_closing, probe_file)					\
	fct_op(14, nfsd_file_unhash, probe_file)					\
	fct_op(15, nfsd_file_free, probe_file)						\
	fct_op(16, nfsd_file_unhash_and_queue, probe_file)				\
	fct_op(17, nfsd_file_lru_add_disposed, probe_file)				\
	fct_op(18, nfsd_file_lru_del_disposed, probe_file)				\
	fct_op(19, nfsd_file_gc_hashed, probe_file)					\
	fct_op(20, nfsd_file_gc_aged, probe_file)					\
	fct_op(21, nfsd_file_put_final, probe_file)					\
	fct_op(22, nfsd_file_unhash_and_dispose, probe_file)				\
	fct_last_op(23, nfsd_file_unhash_and_release_locked, probe_file)

struct fct_file_sample {
	const void *nf;
	const void *inode;
	const void *file;
	u32 generation;
	u32 flags;
	s32 ref;
	u32 status;
	u16 op;
	u8 may;
};

#define FCT_OP_ALLOC		1
#define FCT_OP_GC_DISPOSED	12
#define FCT_OP_FREE		15
#define FCT_OP_PUT_FINAL	21
#define FCT_OP_GET		24	/* not a tracepoint */

int fct_observe_begin(void);
void fct_observe_end(void);
#endif

#define fct_op_symbol(number, name, probe)	{ number, #name },
#define fct_last_op_symbol(number, name, probe)	{ number, #name }

TRACE_EVENT_FN(fct_file,
	TP_PROTO(const struct fct_file_sample *sample),
	TP_ARGS(sample),
	TP_STRUCT__entry(
		__field(const void *, nf)
		__field(const void *, inode)
		__field(const void *, file)
		__field(u32, generation)
		__field(u32, flags)
		__field(s32, ref)
		__field(u32, status)
		__field(u32, ms)
		__field(u16, op)
		__field(u8, may)
	),
	TP_fast_assign(
		__entry->nf = sample->nf;
		__entry->inode = sample->inode;
		__entry->file = sample->file;
		__entry->generation = sample->generation;
		__entry->flags = sample->flags;
		__entry->ref = sample->ref;
		__entry->status = sample->status;
		__entry->ms = fct_ms();
		__entry->op = sample->op;
		__entry->may = sample->may;
	),
	TP_printk("%s nf=%p generation=%u inode=%p file=%p ref=%d flags=0x%x may=0x%x status=%u ms=%u",
		  __print_symbolic(__entry->op, FCT_OPS(fct_op_symbol, fct_last_op_symbol),
				   { FCT_OP_GET, "nfsd_file_get" }),
		  __entry->nf, __entry->generation, __entry->inode, __entry->file, __entry->ref,
		  __entry->flags, __entry->may, __entry->status, __entry->ms),
	fct_observe_begin, fct_observe_end
);

TRACE_EVENT(fct_phase,
	TP_PROTO(u32 phase),
	TP_ARGS(phase),
	TP_STRUCT__entry(
		__field(u32, phase)
		__field(u32, ms)
	),
	TP_fast_assign(
		__entry->phase = phase;
		__entry->ms = fct_ms();
	),
	TP_printk("%s ms=%u",
		  __print_symbolic(__entry->phase,
				   { 1, "load" }, { 2, "quiet" }, { 3, "shutdown" }, { 4, "end" }),
		  __entry->ms)
);

TRACE_EVENT(fct_call,
	TP_PROTO(u8 stressor, u8 end, const void *inode),
	TP_ARGS(stressor, end, inode),
	TP_STRUCT__entry(
		__field(const void *, inode)
		__field(u32, ms)
		__field(u8, stressor)
		__field(u8, end)
		__field(u8, kthread)
	),
	TP_fast_assign(
		__entry->inode = inode;
		__entry->ms = fct_ms();
		__entry->stressor = stressor;
		__entry->end = end;
		__entry->kthread = !!(current->flags & PF_KTHREAD);
	),
	TP_printk("%s %s inode=%p kthread=%u ms=%u",
		  __print_symbolic(__entry->stressor,
				   { 0, "close" }, { 6, "lease" }, { 7, "fsnotify" }),
		  __print_symbolic(__entry->end, { 0, "begin" }, { 1, "end" }),
		  __entry->inode, __entry->kthread, __entry->ms)
);

/* __fput() of a struct file of a target. */
TRACE_EVENT(fct_fput,
	TP_PROTO(const void *file, const void *inode),
	TP_ARGS(file, inode),
	TP_STRUCT__entry(
		__field(const void *, file)
		__field(const void *, inode)
	),
	TP_fast_assign(
		__entry->file = file;
		__entry->inode = inode;
	),
	TP_printk("file=%p inode=%p", __entry->file, __entry->inode)
);

/* An entry that was just allocated is where one was freed, and no grace period has ended since. */
TRACE_EVENT(fct_reuse,
	TP_PROTO(const void *nf),
	TP_ARGS(nf),
	TP_STRUCT__entry(
		__field(const void *, nf)
	),
	TP_fast_assign(
		__entry->nf = nf;
	),
	TP_printk("nf=%p", __entry->nf)
);

/* nfsd_file_gc_disposed with pages that the close has to write; writers: of the inode, this file included. */
TRACE_EVENT(fct_dirty,
	TP_PROTO(const void *nf, const void *inode, int writers),
	TP_ARGS(nf, inode, writers),
	TP_STRUCT__entry(
		__field(const void *, nf)
		__field(const void *, inode)
		__field(s32, writers)
	),
	TP_fast_assign(
		__entry->nf = nf;
		__entry->inode = inode;
		__entry->writers = writers;
	),
	TP_printk("nf=%p inode=%p writers=%d", __entry->nf, __entry->inode, __entry->writers)
);

TRACE_EVENT(fct_round,
	TP_PROTO(u32 number, u32 step, s64 offset_ns, bool met),
	TP_ARGS(number, step, offset_ns, met),
	TP_STRUCT__entry(
		__field(s64, offset_ns)
		__field(u32, number)
		__field(u32, step)
		__field(u32, ms)
		__field(u8, met)
	),
	TP_fast_assign(
		__entry->offset_ns = offset_ns;
		__entry->number = number;
		__entry->step = step;
		__entry->ms = fct_ms();
		__entry->met = met;
	),
	TP_printk("round=%u step=%u offset_ns=%lld met=%u ms=%u", __entry->number, __entry->step,
		  __entry->offset_ns, __entry->met, __entry->ms)
);

#endif /* FCT_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE fct_trace
#include <trace/define_trace.h>
