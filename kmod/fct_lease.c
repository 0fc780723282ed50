// SPDX-License-Identifier: GPL-2.0
/*
 * fct_lease.c - tell nfsd that somebody takes a lease on a target
 *
 * nfsd closes its cached files of the inode then, in most kernels later and in another thread. Its notifier
 * is called by address, with a lease that exists for this call only.
 */
#include <linux/fs.h>
#include <linux/slab.h>
#ifdef FCT_HAVE_FILE_LEASE
#include <linux/filelock.h>
#endif

#include "fct.h"
#include "fct_trace.h"

static struct fct_pace pace = { .gap_us = 1000, .burst = 1 };
static unsigned int seek = 64;

/* The notifier looks at the kind of the lock and at the file's inode, at nothing else. */
struct taken {
	struct file file;
#ifdef FCT_HAVE_FILE_LEASE	/* since 6.9 */
	struct file_lease lease;
#else
	struct file_lock lease;
#endif
};

static void notify_nfsd(struct inode *inode, struct taken *taken)
{
	taken->file.f_inode = inode;
#ifdef FCT_HAVE_FILE_LEASE
	taken->lease.c.flc_flags = FL_LEASE;
	taken->lease.c.flc_file = &taken->file;
#else
	taken->lease.fl_flags = FL_LEASE;
	taken->lease.fl_file = &taken->file;
#endif
	fct_nfsd.lease_notifier_call(NULL, F_WRLCK, &taken->lease);
}

/**
 * fct_lease_taken - one delayed close through nfsd's lease notifier
 * @inode: pinned by the caller
 * @target: of this inode, NULL if it is none
 *
 * Return: whether a file of it was cached just before.
 */
bool fct_lease_taken(struct inode *inode, struct fct_pin *target)
{
	struct taken *taken = kzalloc(sizeof(*taken), GFP_KERNEL);
	struct fct_window window;
	bool cached;

	if (!taken)
		return false;
	cached = fct_nfsd.is_cached(inode);
	trace_fct_call(FCT_LEASE, 0, inode);
	fct_window_enter(&window, FCT_LEASE, target);
	notify_nfsd(inode, taken);
	fct_window_leave(&window, cached);
	trace_fct_call(FCT_LEASE, 1, inode);
	kfree(taken);
	return cached;
}

static void lease_once(struct fct_worker *worker)
{
	struct fct_pin *target = fct_target_pick(fct_random(worker) >> 32, READ_ONCE(seek));

	if (!target)
		return;
	fct_lease_taken(target->inode, target);
	fct_target_put(target);
}

static const struct fct_knob knobs[] = {
	FCT_PACE_KNOBS(pace, FCT_CAP_LEASE),
	{ "seek", &seek, 0, FCT_MAX_TARGETS, FCT_CAP_LEASE },
	{ }
};

const struct fct_stressor fct_lease = {
	.name	= "lease",
	.id	= FCT_LEASE,
	.needs	= FCT_SYM_LEASE_NOTIFIER_CALL | FCT_SYM_IS_CACHED,
	.knobs	= knobs,
	.pace	= &pace,
	.once	= lease_once,
};
