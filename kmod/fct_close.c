// SPDX-License-Identifier: GPL-2.0
/* fct_close.c - close a target's cached files under those who use them, at once or by way of a notifier */
#include "fct.h"
#include "fct_trace.h"

static struct fct_pace pace = { .gap_us = 1000, .burst = 1 };
static unsigned int seek = 64;

/**
 * fct_close_inode - one close
 * @stressor: whose @close it is
 * @inode: pinned by the caller
 * @target: of this inode, NULL if it is none
 *
 * Return: whether a file of it was cached just before.
 */
bool fct_close_inode(const struct fct_stressor *stressor, struct inode *inode, struct fct_pin *target)
{
	struct fct_window window;
	bool cached = fct_nfsd.is_cached(inode);

	trace_fct_call(stressor->id, 0, inode);
	fct_window_enter(&window, stressor->id, target);
	stressor->close(inode);
	fct_window_leave(&window, cached);
	trace_fct_call(stressor->id, 1, inode);
	return cached;
}

/**
 * fct_close_target - @operate of the stressors that close
 * @stressor: whose @close it is
 * @worker: not looked at
 * @target: held by the caller
 */
void fct_close_target(const struct fct_stressor *stressor, struct fct_worker *worker, struct fct_pin *target)
{
	fct_close_inode(stressor, target->inode, target);
}

static void close_sync(struct inode *inode)
{
	if (!fct_busted_misses_close())
		fct_nfsd.close_inode_sync(inode);
}

static const struct fct_knob knobs[] = {
	FCT_PACE_KNOBS(pace, FCT_CAP_CLOSE),
	FCT_SEEK_KNOB(seek, FCT_CAP_CLOSE),
	{ }
};

const struct fct_stressor fct_close = {
	.name		= "close",
	.id		= FCT_CLOSE,
	.needs		= FCT_SYM_CLOSE_INODE_SYNC | FCT_SYM_IS_CACHED,
	.knobs		= knobs,
	.pace		= &pace,
	.seek		= &seek,
	.operate	= fct_close_target,
	.close		= close_sync,
};
