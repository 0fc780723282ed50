// SPDX-License-Identifier: GPL-2.0
/*
 * fct_window.c - counters, and who overlapped whom
 *
 * Most kinds work on one inode: two of them overlap if they are inside the same target. shrink, gc and
 * purge work on all inodes: they overlap with whatever is under way. Nothing here takes a lock or waits. What
 * all threads write is per CPU; a target's own counters are shared by those only who race for it anyway.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/percpu.h>

#include "fct.h"
#include "fct_pct.h"

struct counters {
	u64 called[FCT_NR_STRESSORS];
	u64 useful[FCT_NR_STRESSORS];
	u64 raced[FCT_NR_STRESSORS];
	u64 exposure[FCT_NR_STRESSORS][FCT_NR_STRESSORS];
	u64 observed;
	u64 busted;
	u64 injected;
	/* Only of those that work on one inode. One CPU's share of inside may be negative: threads move. */
	long inside[FCT_NR_STRESSORS];
	u32 begun[FCT_NR_STRESSORS];
};

static DEFINE_PER_CPU(struct counters, counters);
static unsigned long seen;		/* a bit for each kind that has ever begun: the others need no look */
static struct fct_crowd everywhere;	/* of those that work on all inodes */

static bool on_one_inode(enum fct_stressor_id id)
{
	return id != FCT_SHRINK && id != FCT_GC && id != FCT_PURGE;
}

static long sum_inside(enum fct_stressor_id id)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(counters.inside[id], cpu));
	return sum;
}

static u32 sum_begun(enum fct_stressor_id id)
{
	u32 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(counters.begun[id], cpu));
	return sum;
}

static u32 begun(const struct fct_crowd *crowd, enum fct_stressor_id id)
{
	return (u64)atomic64_read(&crowd->of[id]) >> 32;
}

/* How many operations of kind @other are where one of kind @id on @target is, itself included. */
static long count_inside(enum fct_stressor_id other, enum fct_stressor_id id, struct fct_pin *target)
{
	if (!on_one_inode(other))
		return fct_crowd_inside(&everywhere, other);
	if (!on_one_inode(id))
		return sum_inside(other);
	return target ? fct_crowd_inside(&target->crowd, other) : other == id;
}

static u32 sum_others_begun(unsigned long kinds, enum fct_stressor_id id, struct fct_pin *target)
{
	u32 sum = 0;

	for (; kinds; kinds &= kinds - 1) {
		enum fct_stressor_id other = __ffs(kinds);

		if (!on_one_inode(other))
			sum += begun(&everywhere, other);
		else if (!on_one_inode(id))
			sum += sum_begun(other);
		else if (target)
			sum += begun(&target->crowd, other);
	}
	return sum;
}

/* A number that changes whenever an operation of another kind begins that @id on @target would meet. */
static __always_inline u32 count_others_begun(enum fct_stressor_id id, struct fct_pin *target)
{
	unsigned long kinds = READ_ONCE(seen) & ~BIT(id);

	return kinds ? sum_others_begun(kinds, id, target) : 0;
}

static void step_in(enum fct_stressor_id id, struct fct_pin *target)
{
	struct fct_crowd *crowd = on_one_inode(id) ? (target ? &target->crowd : NULL) : &everywhere;

	if (!(READ_ONCE(seen) & BIT(id)))
		set_bit(id, &seen);
	if (on_one_inode(id)) {
		this_cpu_inc(counters.inside[id]);
		this_cpu_inc(counters.begun[id]);
	}
	/* Of two that begin at once, at least one must see the other. */
	if (crowd)
		atomic64_add_return(BIT_ULL(32) | 1, &crowd->of[id]);
	else
		smp_mb();	/* as that is */
}

static void step_out(enum fct_stressor_id id, struct fct_pin *target)
{
	if (!on_one_inode(id)) {
		atomic64_dec(&everywhere.of[id]);
		return;
	}
	this_cpu_dec(counters.inside[id]);
	if (target)
		atomic64_dec(&target->crowd.of[id]);
}

/**
 * fct_window_enter - an operation begins
 * @window: to be handed to fct_window_leave()
 * @id: its kind
 * @target: its inode's target, NULL if it has none
 */
void fct_window_enter(struct fct_window *window, enum fct_stressor_id id, struct fct_pin *target)
{
	unsigned long kinds;

	window->id = id;
	window->target = target;
	window->raced = false;
	step_in(id, target);
	window->others_begun = count_others_begun(id, target);
	for (kinds = READ_ONCE(seen); kinds; kinds &= kinds - 1) {
		enum fct_stressor_id other = __ffs(kinds);
		long met = count_inside(other, id, target);

		if (other == id)
			met--;		/* itself */
		if (met <= 0)
			continue;
		this_cpu_inc(counters.exposure[min_t(int, id, other)][max_t(int, id, other)]);
		window->raced |= other != id;
	}
}

/**
 * fct_window_leave - an operation ends, and is counted
 * @window: of fct_window_enter()
 * @useful: it found something to do
 *
 * It has raced if one of another kind was inside when it began, or began while it was inside.
 */
void fct_window_leave(struct fct_window *window, bool useful)
{
	if (count_others_begun(window->id, window->target) != window->others_begun)
		window->raced = true;
	step_out(window->id, window->target);
	fct_count_operation(window->id, useful, window->raced);
}

/**
 * fct_count_operation - count one operation that is over
 * @id: its kind
 * @useful: it found something to do
 * @raced: it met one of another kind
 */
void fct_count_operation(enum fct_stressor_id id, bool useful, bool raced)
{
	this_cpu_inc(counters.called[id]);
	if (useful)
		this_cpu_inc(counters.useful[id]);
	if (raced)
		this_cpu_inc(counters.raced[id]);
}

/**
 * fct_count_observed - a fct_file event was handed to the ring buffer
 */
void fct_count_observed(void)
{
	this_cpu_inc(counters.observed);
}

/**
 * fct_count_busted - a deliberate misdeed was done
 */
void fct_count_busted(void)
{
	this_cpu_inc(counters.busted);
}

/**
 * fct_count_injected - a delay or a forced switch was done
 */
void fct_count_injected(void)
{
	this_cpu_inc(counters.injected);
}

static void add_counters(struct fct_stats *stats, const struct counters *c)
{
	int a, b;

	for (a = 0; a < FCT_NR_STRESSORS; a++) {
		stats->stressor[a].called += READ_ONCE(c->called[a]);
		stats->stressor[a].useful += READ_ONCE(c->useful[a]);
		stats->stressor[a].raced += READ_ONCE(c->raced[a]);
		for (b = a; b < FCT_NR_STRESSORS; b++)
			stats->exposure[a][b] += READ_ONCE(c->exposure[a][b]);
	}
	stats->observed += READ_ONCE(c->observed);
	stats->busted += READ_ONCE(c->busted);
	stats->injected += READ_ONCE(c->injected);
}

/**
 * fct_stats_fill - all counters since the module was loaded
 * @stats: zeroed and filled
 */
void fct_stats_fill(struct fct_stats *stats)
{
	int cpu;

	memset(stats, 0, sizeof(*stats));
	for_each_possible_cpu(cpu)
		add_counters(stats, per_cpu_ptr(&counters, cpu));
	stats->running = READ_ONCE(fct_active);
	stats->nr_targets = fct_targets_count();
	stats->nr_captured = fct_captured_count();
	stats->nfsd_up = fct_gate_is_open(FCT_GATE_CACHE);
	fct_sweep_fill(&stats->sweep);
	fct_pct_fill(&stats->pct);
}
