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

static void lease_taken(struct inode *inode)
{
	struct taken *taken = kzalloc(sizeof(*taken), GFP_KERNEL);

	if (!taken)
		return;
	taken->file.f_inode = inode;
#ifdef FCT_HAVE_FILE_LEASE
	taken->lease.c.flc_flags = FL_LEASE;
	taken->lease.c.flc_file = &taken->file;
#else
	taken->lease.fl_flags = FL_LEASE;
	taken->lease.fl_file = &taken->file;
#endif
	fct_nfsd.lease_notifier_call(NULL, F_WRLCK, &taken->lease);
	kfree(taken);
}

static const struct fct_knob knobs[] = {
	FCT_PACE_KNOBS(pace, FCT_CAP_LEASE),
	FCT_SEEK_KNOB(seek, FCT_CAP_LEASE),
	{ }
};

const struct fct_stressor fct_lease = {
	.name	= "lease",
	.id	= FCT_LEASE,
	.needs	= FCT_SYM_LEASE_NOTIFIER_CALL | FCT_SYM_IS_CACHED,
	.knobs	= knobs,
	.pace	= &pace,
	.gate	= FCT_GATE_CACHE,
	.seek	= &seek,
	.operate = fct_close_target,
	.close	= lease_taken,
};
