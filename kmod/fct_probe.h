/* SPDX-License-Identifier: GPL-2.0 */
/* fct_probe.h - probes on nfsd's tracepoints that stand once somebody wants them */
#ifndef FCT_PROBE_H
#define FCT_PROBE_H

#include <linux/types.h>

struct tracepoint;

struct fct_probe {
	struct tracepoint *tp;		/* NULL: this nfsd has it not, or is gone */
	void *call, *data;		/* its first argument */
	bool placed;
};

int fct_probe_want(struct fct_probe *probe);
void fct_probe_forget(struct fct_probe *probe);

#endif /* FCT_PROBE_H */
