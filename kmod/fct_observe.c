// SPDX-License-Identifier: GPL-2.0
/*
 * fct_observe.c - repeat nfsd's tracepoints with the address of the struct nfsd_file
 *
 * No nfsd_file_* event records it, but each hands it to its probes. Tracepoints that carry no nfsd_file
 * (is_cached, close, gc_removed, shrinker_removed, insert_err) are not ours: nfsd's own events serve.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "fct.h"
#include "fct_lives.h"
#include "fct_probe.h"
#include "fct_trace.h"

#ifdef FCT_FILECACHE_H
#include <linux/refcount.h>
#include <linux/rhashtable.h>
struct auth_domain;
struct nfsd_net;
struct svc_cred;
struct svc_rqst;
#include FCT_NFSFH_H
#include FCT_FILECACHE_H
#define fct_field(type, member)	offsetof(struct type, member)
#define fct_size(type)		sizeof(struct type)
#else
#define fct_field(type, member)	-1
#define fct_size(type)		-1
#endif
#ifdef NFSD_FILE_GC
#define FCT_BIT_GC	NFSD_FILE_GC
#else
#define FCT_BIT_GC	-1
#endif

struct fct_offsets fct_off = {
	.inode	= fct_field(nfsd_file, nf_inode),
	.file	= fct_field(nfsd_file, nf_file),
	.flags	= fct_field(nfsd_file, nf_flags),
	.ref	= fct_field(nfsd_file, nf_ref),
	.may	= fct_field(nfsd_file, nf_may),
	.lru	= fct_field(nfsd_file, nf_lru),
	.bit_gc	= FCT_BIT_GC,
	.fh_dentry = fct_field(svc_fh, fh_dentry),
	.fh_export = fct_field(svc_fh, fh_export),
	.fh_size = fct_size(svc_fh),
};

fct_param(int, off_nf_inode, fct_off.inode, "Offset of nf_inode in struct nfsd_file (bytes, -1: unknown)");
fct_param(int, off_nf_file, fct_off.file, "Offset of nf_file (bytes, -1: unknown)");
fct_param(int, off_nf_flags, fct_off.flags, "Offset of nf_flags (bytes, -1: unknown)");
fct_param(int, off_nf_ref, fct_off.ref, "Offset of nf_ref (bytes, -1: unknown)");
fct_param(int, off_nf_may, fct_off.may, "Offset of nf_may (bytes, -1: unknown)");
fct_param(int, off_nf_lru, fct_off.lru, "Offset of nf_lru (bytes, -1: unknown)");
fct_param(int, off_fh_dentry, fct_off.fh_dentry, "Offset of fh_dentry in struct svc_fh (bytes, -1: unknown)");
fct_param(int, off_fh_export, fct_off.fh_export, "Offset of fh_export in struct svc_fh (bytes, -1: unknown)");
fct_param(int, size_svc_fh, fct_off.fh_size, "Size of struct svc_fh (bytes, -1: unknown)");
fct_param(int, bit_gc, fct_off.bit_gc, "Number of the bit NFSD_FILE_GC in nf_flags (-1: unknown)");

#define MAX_OFFSET	1024	/* beyond any struct nfsd_file; keeps a typing error from reading far away */

struct op {
	u16 number;
	const char *name;
	struct fct_probe probe;		/* its data is the op */
};

#define nf_field(nf, type, offset)	READ_ONCE(*(type const *)((const void *)(nf) + (offset)))

/*
 * Where nfsd itself has hold of an object that is gone, KASAN shall report nfsd, not us: so these reads, and
 * no others, are not checked. At all of these tracepoints nfsd is about to read the same fields, and the
 * memory of a slab stays mapped without its objects: in a kernel that has gone wrong, or at
 * nfsd_file_lru_add, which comes after the reference went to the LRU.
 */
static __no_kasan_or_inline void peek(const void *nf, struct fct_file_sample *sample)
{
	sample->file = nf_field(nf, void *, fct_off.file);
	sample->flags = nf_field(nf, unsigned long, fct_off.flags);
	sample->ref = nf_field(nf, int, fct_off.ref);
	sample->may = nf_field(nf, u8, fct_off.may);
}

static __no_kasan_or_inline const void *peek_inode(const void *nf)
{
	return nf_field(nf, void *, fct_off.inode);
}

static void report(u16 op, const void *nf, const void *inode, __be32 status)
{
	struct fct_file_sample sample = { .op = op, .inode = inode, .status = be32_to_cpu(status) };
	struct fct_life *life = nf ? fct_life_find(nf) : NULL;

	if (nf) {
		sample.nf = nf;
		sample.generation = fct_life_generation(life, op);
		peek(nf, &sample);
	}
	fct_count_observed();
	trace_fct_file(&sample);
	fct_life_watch_grace(life, op);
	if (op == FCT_OP_GC_DISPOSED)
		fct_files_disposed(nf, sample.file);
}

/* All that a point costs while it is off. */
static __always_inline bool wants_injection(const struct op *op)
{
	return static_branch_likely(&fct_inject_tracepoints) && READ_ONCE(fct_inject_rates[op->number]);
}

/* Delays come after the report: they widen the gap to whatever nfsd does next. */
static noinline void tell(const struct op *op, const void *nf, const void *inode, __be32 status)
{
	if (IS_ERR(nf))
		nf = NULL;
	if (nf)
		inode = peek_inode(nf);
	if (trace_fct_file_enabled())
		report(op->number, nf, inode, status);
	if (wants_injection(op))
		fct_inject(op->number, inode);
}

static __always_inline void emit(const struct op *op, const void *nf, const void *inode, __be32 status)
{
	if (trace_fct_file_enabled() || wants_injection(op))
		tell(op, nf, inode, status);
}

/* The probes: one for each order of arguments. They run with preemption off. */

static void probe_file(void *op, const struct nfsd_file *nf)
{
	emit(op, nf, NULL, 0);
}

static void probe_file_status(void *op, const struct nfsd_file *nf, __be32 status)
{
	emit(op, nf, NULL, status);
}

static void probe_acquire(void *op, const struct svc_rqst *rqstp, const struct inode *inode,
			  unsigned int may_flags, const struct nfsd_file *nf, __be32 status)
{
	emit(op, nf, inode, status);
}

/* Before 6.0 the hash value came second. */
static void probe_acquire_hashed(void *op, const struct svc_rqst *rqstp, unsigned int hash,
				 const struct inode *inode, unsigned int may_flags,
				 const struct nfsd_file *nf, __be32 status)
{
	emit(op, nf, inode, status);
}

static void probe_cons_err(void *op, const struct svc_rqst *rqstp, const struct inode *inode,
			   unsigned int may_flags, const struct nfsd_file *nf)
{
	emit(op, nf, inode, 0);
}

/* nfsd_file_get() has no tracepoint. */
static void file_got(struct fct_entry *entry, unsigned long nf, unsigned long unused)
{
	if (trace_fct_file_enabled() && !IS_ERR_OR_NULL((void *)nf))
		report(FCT_OP_GET, (const void *)nf, nf_field(nf, void *, fct_off.inode), 0);
}

static unsigned int is_traced;		/* somebody has the fct_file event on */

static struct fct_entry get_entry = { .entered = file_got, .wanted = &is_traced };

#define fct_op_row(number, name, probe)	{ number, #name, { .call = probe } },

static struct op ops[] = { FCT_OPS(fct_op_row, fct_op_row) };

static struct op *find_op(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!strcmp(ops[i].name, name))
			return &ops[i];
	}
	return NULL;
}

/**
 * fct_observes - whether a tracepoint has a probe here, on a kernel that has the tracepoint
 * @tracepoint: its name
 */
bool fct_observes(const char *tracepoint)
{
	return find_op(tracepoint);
}

static void note_tracepoint(struct tracepoint *tp)
{
	struct op *op = find_op(tp->name);

	if (op) {
		op->probe.tp = tp;
		op->probe.data = op;
	}
}

/* nfsd_file_unhash_and_release_locked went with the hash buckets, and the hash argument of acquire. */
static void choose_acquire_probe(void)
{
	if (find_op("nfsd_file_unhash_and_release_locked")->probe.tp)
		find_op("nfsd_file_acquire")->probe.call = probe_acquire_hashed;
}

static int check_offset(const char *name, int offset, int align)
{
	if (offset == -1) {
		fct_capability_refuse(FCT_CAP_OBSERVE, "%s is not known", name);
		return -ENODATA;
	}
	if (offset >= 0 && offset < MAX_OFFSET && offset % align == 0)
		return 0;
	pr_err("%s=%d is no offset in a struct nfsd_file\n", name, offset);
	return -EINVAL;
}

static int check_offsets(void)
{
	return check_offset("off_nf_inode", fct_off.inode, sizeof(void *)) ?:
	       check_offset("off_nf_file", fct_off.file, sizeof(void *)) ?:
	       check_offset("off_nf_flags", fct_off.flags, sizeof(long)) ?:
	       check_offset("off_nf_ref", fct_off.ref, sizeof(int)) ?:
	       check_offset("off_nf_may", fct_off.may, 1);
}

/**
 * fct_observe_settle - have a probe at each tracepoint whose events or whose point are on
 *
 * Where neither is, nfsd pays nothing. To be called while nothing runs, before what runs next.
 *
 * Return: 0 or a negative errno.
 */
int fct_observe_settle(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(ops) && !err; i++) {
		if (READ_ONCE(is_traced) || READ_ONCE(fct_inject_rates[ops[i].number]))
			err = fct_probe_want(&ops[i].probe);
	}
	return err;
}

static void settle(struct work_struct *unused)
{
	int err = fct_observe_settle();

	if (err)
		pr_err("cannot observe all of nfsd: error %d\n", err);
}

static DECLARE_WORK(settling, settle);
static DEFINE_SPINLOCK(lock);
static bool stands;			/* from fct_observe_place() to fct_observe_remove() */

/**
 * fct_observe_begin - the fct_file event is on from now on; called by the kernel
 *
 * It holds the lock of all tracepoints, so that probes have to wait.
 */
int fct_observe_begin(void)
{
	WRITE_ONCE(is_traced, 1);
	spin_lock(&lock);
	if (stands)
		schedule_work(&settling);
	spin_unlock(&lock);
	return 0;
}

/**
 * fct_observe_end - nobody has the fct_file event on any more; called by the kernel
 */
void fct_observe_end(void)
{
	WRITE_ONCE(is_traced, 0);
}

static void set_stands(bool value)
{
	spin_lock(&lock);
	stands = value;
	spin_unlock(&lock);
}

/**
 * fct_observe_place - get ready for probes on nfsd's tracepoints; only while nothing runs
 *
 * Return: 0, also when the capability is then absent for want of an offset; else a negative errno.
 */
int fct_observe_place(void)
{
	unsigned int i;
	int err = check_offsets();

	if (err)
		return err == -ENODATA ? 0 : err;
	fct_visit_nfsd_tracepoints(note_tracepoint);
	choose_acquire_probe();
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if (ops[i].probe.tp)
			fct_inject_tracepoint(ops[i].number, ops[i].name);
	}
	set_stands(true);
	err = fct_observe_settle();
	if (err)
		return err;
	fct_capability_grant(FCT_CAP_OBSERVE);
	return fct_nfsd.get ? fct_entry_add(&get_entry, fct_nfsd.get) : 0;
}

/**
 * fct_observe_remove - take the probes away, and wait until none runs
 */
void fct_observe_remove(void)
{
	unsigned int i;

	set_stands(false);
	cancel_work_sync(&settling);
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		fct_probe_forget(&ops[i].probe);
	tracepoint_synchronize_unregister();
}

/**
 * fct_observe_show - a line with the tracepoints that are observed
 * @m: where to
 */
void fct_observe_show(struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, "ops");
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if (ops[i].probe.tp)
			seq_printf(m, " %s", ops[i].name);
	}
	if (fct_can(FCT_CAP_OBSERVE) && fct_nfsd.get)
		seq_puts(m, " nfsd_file_get");
	seq_putc(m, '\n');
}

/**
 * fct_nf_lru - the list head that links an entry into the LRU
 * @nf: held by the caller
 *
 * Return: NULL if its offset is not known.
 */
struct list_head *fct_nf_lru(struct nfsd_file *nf)
{
	return fct_off.lru < 0 ? NULL : (void *)nf + fct_off.lru;
}

/**
 * fct_nf_inode - the inode that an entry stands for
 * @nf: held by the caller
 *
 * Return: only to be compared; NULL if its offset is not known.
 */
const void *fct_nf_inode(const struct nfsd_file *nf)
{
	return fct_off.inode < 0 ? NULL : nf_field(nf, void *, fct_off.inode);
}

/**
 * fct_nf_is_gc - whether an entry is garbage-collected
 * @nf: held by the caller
 *
 * Return: true also if that cannot be told.
 */
bool fct_nf_is_gc(const struct nfsd_file *nf)
{
	if (fct_off.flags < 0 || fct_off.bit_gc < 0)
		return true;
	return nf_field(nf, unsigned long, fct_off.flags) & BIT(fct_off.bit_gc);
}
