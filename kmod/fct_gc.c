// SPDX-License-Identifier: GPL-2.0
/* fct_gc.c - run the laundrette's worker more often than it likes, and on several CPUs at once */
#include "fct.h"

static struct fct_pace pace = { .gap_us = 50000, .burst = 1 };

/**
 * fct_lru_count - nfsd_file_lru_count()
 *
 * Return: entries on the LRU.
 */
unsigned long fct_lru_count(void)
{
	return fct_nfsd.lru_count(NULL, NULL);
}

/**
 * fct_gc_collect - one nfsd_file_gc_worker()
 * @lru_before: entries on the LRU before
 * @lru_after: and after; others add and remove meanwhile
 *
 * The worker arms the laundrette again if the LRU is not empty afterwards: a laundrette that nfsd itself
 * never arms does not show while this stressor runs.
 */
void fct_gc_collect(unsigned long *lru_before, unsigned long *lru_after)
{
	struct fct_window window;

	*lru_before = fct_lru_count();
	fct_window_enter(&window, FCT_GC, NULL);
	fct_nfsd.gc_worker(NULL);
	*lru_after = fct_lru_count();
	fct_window_leave(&window, *lru_after < *lru_before);
}

static void operate(const struct fct_stressor *stressor, struct fct_worker *worker, struct fct_pin *target)
{
	unsigned long before, after;

	fct_gc_collect(&before, &after);
}

static const struct fct_knob knobs[] = {
	FCT_PACE_KNOBS(pace, FCT_CAP_GC),
	{ }
};

const struct fct_stressor fct_gc = {
	.name		= "gc",
	.id		= FCT_GC,
	.needs		= FCT_SYM_GC_WORKER | FCT_SYM_LRU_COUNT,
	.knobs		= knobs,
	.pace		= &pace,
	.gate		= FCT_GATE_CACHE,
	.operate	= operate,
};
