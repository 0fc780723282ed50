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

static struct fct_pace pace = { .gap_us = 1000, .burst = 1 };
static unsigned int seek = 64;

static void last_link_gone(struct inode *inode)
{
	fsnotify_inode(inode, FS_DELETE_SELF);
}

static const struct fct_knob knobs[] = {
	FCT_PACE_KNOBS(pace, FCT_CAP_FSNOTIFY),
	FCT_SEEK_KNOB(seek, FCT_CAP_FSNOTIFY),
	{ }
};

const struct fct_stressor fct_fsnotify = {
	.name	= "fsnotify",
	.id	= FCT_FSNOTIFY,
	.needs	= FCT_SYM_IS_CACHED,
	.knobs	= knobs,
	.pace	= &pace,
	.gate	= FCT_GATE_CACHE,
	.seek	= &seek,
	.operate = fct_close_target,
	.close	= last_link_gone,
};
