// SPDX-License-Identifier: GPL-2.0
/*
 * fct_probe.c - probes on nfsd's tracepoints that stand once somebody wants them
 *
 * The kernel's way to a probe that does nothing costs more than all that an injection point may.
 */
#include <linux/mutex.h>
#include <linux/tracepoint.h>

#include "fct_probe.h"

static DEFINE_MUTEX(lock);

/**
 * fct_probe_want - have a probe from now on; text is patched, so not under load
 * @probe: whose tracepoint may be absent, then nothing is done
 *
 * Return: 0, also if it stands already, or a negative errno.
 */
int fct_probe_want(struct fct_probe *probe)
{
	int err = 0;

	mutex_lock(&lock);
	if (probe->tp && !probe->placed) {
		err = tracepoint_probe_register(probe->tp, probe->call, probe->data);
		probe->placed = !err;
	}
	mutex_unlock(&lock);
	return err;
}

/**
 * fct_probe_forget - take a probe away, and let go of its tracepoint: nfsd goes
 * @probe: may not stand, or have no tracepoint; somebody waits afterwards until it does not run
 */
void fct_probe_forget(struct fct_probe *probe)
{
	mutex_lock(&lock);
	if (probe->placed)
		tracepoint_probe_unregister(probe->tp, probe->call, probe->data);
	probe->placed = false;
	probe->tp = NULL;
	mutex_unlock(&lock);
}
