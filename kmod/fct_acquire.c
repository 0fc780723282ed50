// SPDX-License-Identifier: GPL-2.0
/*
 * fct_acquire.c - acquire and put the same file again and again, in nfsd's own threads
 *
 * Calls of nfsd_file_acquire_gc() and nfsd_file_acquire() come here, with the request and the file handle
 * of a real client. The real call goes first: it verifies the handle and opens the file. If it succeeded,
 * `repeat` more follow, each put at once, while nfsd waits with the reference that it asked for. What nfsd
 * gets is the result of the real call, whatever became of the others.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/percpu.h>
#include <linux/printk.h>

#include "fct.h"

#define DRAIN_TIMEOUT	(10 * HZ)

static unsigned int repeat;
static unsigned int every = 1;

static DEFINE_PER_CPU(unsigned int, calls);

/* Runs in the ftrace callback, for each acquire of nfsd. */
static bool notrace wants_acquire(void)
{
	return READ_ONCE(fct_active) && (READ_ONCE(repeat) > 0 || fct_capture_wanted());
}

/* The `every` of all calls that come here. */
static bool is_turn(void)
{
	return this_cpu_inc_return(calls) % READ_ONCE(every) == 0;
}

static bool acquire_once(fct_acquire_fn real, struct svc_rqst *rqstp, struct svc_fh *fhp,
			 unsigned int may_flags, struct fct_pin *target)
{
	struct nfsd_file *nf = NULL;
	struct fct_window window;
	bool acquired;

	fct_window_enter(&window, FCT_ACQUIRE, target);
	acquired = real(rqstp, fhp, may_flags, &nf) == 0;
	if (acquired)
		fct_nfsd.put(nf);
	fct_window_leave(&window, acquired);
	return acquired;
}

static __be32 acquire_repeatedly(fct_acquire_fn real, struct svc_rqst *rqstp, struct svc_fh *fhp,
				 unsigned int may_flags, struct nfsd_file **pnf)
{
	__be32 status = real(rqstp, fhp, may_flags, pnf);
	unsigned int times = is_turn() ? READ_ONCE(repeat) : 0;
	struct fct_pin *target;
	unsigned int i;

	if (status == 0) {
		target = fct_target_find(fct_nf_inode(*pnf));
		fct_capture(target, rqstp, fhp, may_flags);
		for (i = 0; i < times && READ_ONCE(fct_active); i++) {
			if (acquire_once(real, rqstp, fhp, may_flags, target))
				fct_busted_misbehave(*pnf);
		}
		fct_target_put(target);
	}
	fct_hook_leave();
	return status;
}

static __be32 acquire_gc(struct svc_rqst *rqstp, struct svc_fh *fhp, unsigned int may_flags,
			 struct nfsd_file **pnf)
{
	return acquire_repeatedly(fct_nfsd.acquire_gc, rqstp, fhp, may_flags, pnf);
}

static __be32 acquire(struct svc_rqst *rqstp, struct svc_fh *fhp, unsigned int may_flags,
		      struct nfsd_file **pnf)
{
	return acquire_repeatedly(fct_nfsd.acquire, rqstp, fhp, may_flags, pnf);
}

static struct fct_hook gc_hook = { .replacement = acquire_gc, .wants = wants_acquire };
static struct fct_hook hook = { .replacement = acquire, .wants = wants_acquire };

/* nfsd before 6.0 has one kind of entries, and no nfsd_file_acquire_gc(). */
static int add_hooks(void)
{
	int err = fct_nfsd.acquire_gc ? fct_hook_add(&gc_hook, fct_nfsd.acquire_gc) : 0;

	return err ?: fct_hook_add(&hook, fct_nfsd.acquire);
}

/* A thread that never comes back holds this module: rmmod is refused then, instead of waiting for it. */
static void quiesce_hooks(void)
{
	static bool stuck;

	if (fct_hook_drain(DRAIN_TIMEOUT) || stuck)
		return;
	stuck = true;
	pr_err("an nfsd thread is stuck in an extra acquire, this module cannot be unloaded\n");
	__module_get(THIS_MODULE);
}

static const struct fct_knob knobs[] = {
	{ "repeat", &repeat, 0, 100000, FCT_CAP_ACQUIRE },
	{ "every", &every, 1, 1000000000, FCT_CAP_ACQUIRE },
	{ }
};

const struct fct_stressor fct_acquire = {
	.name		= "acquire",
	.id		= FCT_ACQUIRE,
	.needs		= FCT_SYM_ACQUIRE | FCT_SYM_PUT,
	.knobs		= knobs,
	.place		= add_hooks,
	.quiesce	= quiesce_hooks,
};
