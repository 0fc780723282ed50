// SPDX-License-Identifier: GPL-2.0
/* fct_close.c - close a target's cached files under those who use them */
#include "fct.h"
#include "fct_trace.h"

static struct fct_pace pace = { .gap_us = 1000, .burst = 1 };
static unsigned int seek = 64;

/**
 * fct_close_inode - one nfsd_file_close_inode_sync()
 * @inode: pinned by the caller
 * @target: of this inode, NULL if it is none
 *
 * Return: whether a file of it was cached just before.
 */
bool fct_close_inode(struct inode *inode, struct fct_pin *target)
{
	struct fct_window window;
	bool cached = fct_nfsd.is_cached(inode);

	trace_fct_call(FCT_CLOSE, 0, inode);
	fct_window_enter(&window, FCT_CLOSE, target);
	if (!fct_busted_misses_close())
		fct_nfsd.close_inode_sync(inode);
	fct_window_leave(&window, cached);
	trace_fct_call(FCT_CLOSE, 1, inode);
	return cached;
}

static void close_once(struct fct_worker *worker)
{
	struct fct_pin *target = fct_target_pick(fct_random(worker) >> 32, READ_ONCE(seek));

	if (!target)
		return;
	fct_close_inode(target->inode, target);
	fct_target_put(target);
}

static const struct fct_knob knobs[] = {
	FCT_PACE_KNOBS(pace, FCT_CAP_CLOSE),
	{ "seek", &seek, 0, FCT_MAX_TARGETS, FCT_CAP_CLOSE },
	{ }
};

const struct fct_stressor fct_close = {
	.name		= "close",
	.id		= FCT_CLOSE,
	.needs		= FCT_SYM_CLOSE_INODE_SYNC | FCT_SYM_IS_CACHED,
	.knobs		= knobs,
	.pace		= &pace,
	.once		= close_once,
};
