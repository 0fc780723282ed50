/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fct_pct.h - strategy pct: instead of delays and forced switches, priorities at random
 */
#ifndef FCT_PCT_H
#define FCT_PCT_H

#include <linux/types.h>

#include "fct_uapi.h"

#define FCT_MAX_DEPTH	16

enum fct_strategy { FCT_RANDOM, FCT_PCT };

struct fct_pct {
	unsigned int strategy, depth, steps;	/* from the next start on */
	bool is_playing;			/* in this run; read it with READ_ONCE() */
};

extern struct fct_pct fct_pct;

int fct_pct_start(u64 seed);
void fct_pct_stop(void);
void fct_pct_pass(void);
void fct_pct_fill(struct fct_pct_stats *stats);

#endif /* FCT_PCT_H */
