// SPDX-License-Identifier: GPL-2.0
/* fct_lives.c - tell the struct nfsd_files apart that have been at one address */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>

#include "fct.h"
#include "fct_lives.h"
#include "fct_trace.h"

/*
 * Slab memory is used again, so an address alone is nobody: with it goes how often it has begun or ended a
 * life. Addresses come to stay, there is one for each object that the slab has ever had.
 */
#define LIFE_BITS	16
#define MAX_PROBES	32

static struct fct_life {
	const void *nf;
	unsigned long grace;		/* RCU's state when it was freed */
	atomic_t number;
	bool freed;			/* it was, at least once */
} lives[1 << LIFE_BITS];

/**
 * fct_life_find - the life of an object
 * @nf: its address
 *
 * Return: NULL if the table is full.
 */
struct fct_life *fct_life_find(const void *nf)
{
	u32 slot = hash_ptr(nf, LIFE_BITS);
	unsigned int i;

	for (i = 0; i < MAX_PROBES; i++, slot = (slot + 1) % ARRAY_SIZE(lives)) {
		const void *found = READ_ONCE(lives[slot].nf);

		if (!found)
			found = cmpxchg(&lives[slot].nf, NULL, nf) ?: nf;
		if (found == nf)
			return &lives[slot];
	}
	return NULL;
}

static bool is_end(u16 op)
{
	return op == FCT_OP_FREE || op == FCT_OP_PUT_FINAL;
}

/**
 * fct_life_generation - which life at its address this is, at an event of it
 * @life: of the object
 * @op: the event; its first is FCT_OP_ALLOC
 *
 * Changes before the first event of a life and after the last one.
 *
 * Return: %U32_MAX without a @life.
 */
u32 fct_life_generation(struct fct_life *life, u16 op)
{
	if (!life)
		return U32_MAX;
	if (op == FCT_OP_ALLOC)
		return atomic_inc_return(&life->number);
	if (is_end(op))
		return atomic_inc_return(&life->number) - 1;
	return atomic_read(&life->number);
}

/**
 * fct_life_watch_grace - report memory that is used again before its grace period is over
 * @life: of the object, may be NULL
 * @op: the event
 *
 * nfsd hands the memory to call_rcu() after it said that it frees the entry. A callback runs when the grace
 * period has ended that RCU's state names at the call, for its CPU at least: by then the state is another.
 */
void fct_life_watch_grace(struct fct_life *life, u16 op)
{
	unsigned long now;

	if (!life || (op != FCT_OP_ALLOC && !is_end(op)))
		return;
	now = get_state_synchronize_rcu();
	if (is_end(op)) {
		WRITE_ONCE(life->grace, now);
		WRITE_ONCE(life->freed, true);
	} else if (READ_ONCE(life->freed) && READ_ONCE(life->grace) == now) {
		trace_fct_reuse(life->nf);
	}
}
