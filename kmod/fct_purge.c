// SPDX-License-Identifier: GPL-2.0
/*
 * fct_purge.c - purge a network namespace's share of the file cache, as a flush of the exports does
 *
 * nfsd does it with nfsd_mutex held, which it also holds while it starts and stops. We only try to get it:
 * whoever stops nfsd waits for us (fct_gate.c).
 */
#include <linux/err.h>
#include <linux/mutex.h>
#include <net/net_namespace.h>

#include "fct.h"

static struct fct_pace pace = { .gap_us = 100000, .burst = 1 };
static unsigned int foreign_pid;
static unsigned int foreign_percent;

/* Where entries of others must be left alone. NULL if there is no such process any more. */
static struct net *get_foreign_net(void)
{
	struct net *net = get_net_ns_by_pid(READ_ONCE(foreign_pid));

	return IS_ERR(net) ? NULL : net;
}

static void purge_net(struct net *net)
{
	struct fct_window window;
	unsigned long before = fct_lru_count();

	if (!mutex_trylock(fct_nfsd.mutex))
		return;
	fct_window_enter(&window, FCT_PURGE, NULL);
	fct_nfsd.cache_purge(net);
	/* Of a foreign namespace nothing goes, if all is well: having walked the cache is of use. */
	fct_window_leave(&window, net != &init_net || fct_lru_count() < before);
	mutex_unlock(fct_nfsd.mutex);
}

static void operate(const struct fct_stressor *stressor, struct fct_worker *worker, struct fct_pin *target)
{
	struct net *net = NULL;

	if (fct_random(worker) % 100 < READ_ONCE(foreign_percent))
		net = get_foreign_net();
	purge_net(net ?: &init_net);
	if (net)
		put_net(net);
}

static const struct fct_knob knobs[] = {
	FCT_PACE_KNOBS(pace, FCT_CAP_PURGE),
	{ "foreign_pid", &foreign_pid, 0, INT_MAX, FCT_CAP_PURGE },
	{ "foreign_percent", &foreign_percent, 0, 100, FCT_CAP_PURGE },
	{ }
};

const struct fct_stressor fct_purge = {
	.name	= "purge",
	.id	= FCT_PURGE,
	.needs	= FCT_SYM_CACHE_PURGE | FCT_SYM_MUTEX | FCT_SYM_LRU_COUNT,
	.knobs	= knobs,
	.pace	= &pace,
	.operate = operate,
};
