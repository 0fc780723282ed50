// SPDX-License-Identifier: GPL-2.0
/* fct_shrink.c - run nfsd's filecache shrinker against whoever is using its entries */
#include <linux/gfp.h>
#include <linux/nodemask.h>
#include <linux/shrinker.h>

#include "fct.h"

static struct fct_pace pace = { .gap_us = 20000, .burst = 1 };
static unsigned int batch = 32;
static unsigned int node;		/* 0: each */

static unsigned long scan_node(int nid, unsigned long nr_to_scan)
{
	struct shrink_control sc = {
		.gfp_mask = GFP_KERNEL,
		.nid = nid,
		.nr_to_scan = nr_to_scan,	/* the walk writes to it */
	};
	unsigned long freed = fct_nfsd.lru_scan(NULL, &sc);

	return freed == SHRINK_STOP ? 0 : freed;
}

/**
 * fct_shrink_scan - one nfsd_file_lru_scan() on each memory node that the knob allows
 * @nr_to_scan: entries of the LRU to look at, on each node
 *
 * Return: how many were evicted. The first look at an entry only takes its mark of recent use away.
 */
unsigned long fct_shrink_scan(unsigned long nr_to_scan)
{
	struct fct_window window;
	unsigned int wanted = READ_ONCE(node);
	unsigned long freed = 0;
	int nid;

	fct_window_enter(&window, FCT_SHRINK, NULL);
	for_each_online_node(nid) {
		if (wanted == 0 || wanted == nid + 1)
			freed += scan_node(nid, nr_to_scan);
	}
	fct_window_leave(&window, freed > 0);
	return freed;
}

static void operate(const struct fct_stressor *stressor, struct fct_worker *worker, struct fct_pin *target)
{
	fct_shrink_scan(READ_ONCE(batch));
}

static const struct fct_knob knobs[] = {
	FCT_PACE_KNOBS(pace, FCT_CAP_SHRINK),
	{ "batch", &batch, 1, 1000000, FCT_CAP_SHRINK },
	{ "node", &node, 0, MAX_NUMNODES, FCT_CAP_SHRINK },
	{ }
};

const struct fct_stressor fct_shrink = {
	.name		= "shrink",
	.id		= FCT_SHRINK,
	.needs		= FCT_SYM_LRU_SCAN | FCT_SYM_LRU_COUNT,
	.knobs		= knobs,
	.pace		= &pace,
	.gate		= FCT_GATE_CACHE,
	.operate	= operate,
};
