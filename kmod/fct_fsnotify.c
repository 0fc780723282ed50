// SPDX-License-Identifier: GPL-2.0
/*
 * fct_fsnotify.c - tell nfsd that the last link of a target is gone
 *
 * The event goes through fsnotify as the one of a real unlink does, to nfsd's mark on the inode and to
 * whoever else watches it; the file stays. nfsd closes its cached files of the inode then, in most kernels
 * later and in another thread.
 */
#include <linux/fsnotify.h>

#include "fct.h"
#include "fct_trace.h"

static struct fct_pace pace = { .gap_us = 1000, .burst = 1 };
static unsigned int seek = 64;

/**
 * fct_last_link_gone - one delayed close through fsnotify
 * @inode: pinned by the caller
 * @target: of this inode, NULL if it is none
 *
 * Return: whether a file of it was cached just before.
 */
bool fct_last_link_gone(struct inode *inode, struct fct_pin *target)
{
	struct fct_window window;
	bool cached = fct_nfsd.is_cached(inode);

	trace_fct_call(FCT_FSNOTIFY, 0, inode);
	fct_window_enter(&window, FCT_FSNOTIFY, target);
	fsnotify_inode(inode, FS_DELETE_SELF);
	fct_window_leave(&window, cached);
	trace_fct_call(FCT_FSNOTIFY, 1, inode);
	return cached;
}

static void fsnotify_once(struct fct_worker *worker)
{
	struct fct_pin *target = fct_target_pick(fct_random(worker) >> 32, READ_ONCE(seek));

	if (!target)
		return;
	fct_last_link_gone(target->inode, target);
	fct_target_put(target);
}

static const struct fct_knob knobs[] = {
	FCT_PACE_KNOBS(pace, FCT_CAP_FSNOTIFY),
	{ "seek", &seek, 0, FCT_MAX_TARGETS, FCT_CAP_FSNOTIFY },
	{ }
};

const struct fct_stressor fct_fsnotify = {
	.name	= "fsnotify",
	.id	= FCT_FSNOTIFY,
	.needs	= FCT_SYM_IS_CACHED,
	.knobs	= knobs,
	.pace	= &pace,
	.once	= fsnotify_once,
};
