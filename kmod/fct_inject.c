// SPDX-License-Identifier: GPL-2.0
/*
 * fct_inject.c - delays and forced switches where nfsd's file cache changes state
 *
 * A point is a tracepoint of nfsd's file cache, the entry of a function of filecache.c, or where that goes to
 * the lock of its LRU (fct_lru.c). Those at functions are placed when nfsd comes, and do nothing while their
 * rate is 0; those at tracepoints are placed when a run starts with a rate, or while observed.
 * Everything here may run with preemption off, so a delay spins.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>

#include "fct.h"
#include "fct_pct.h"
#include "fct_probe.h"

#define MAX_DELAY_NS	(10 * NSEC_PER_MSEC)

enum shape { FIXED, UNIFORM, LOG_UNIFORM };
enum mode { NOTHING, SPIN, RESCHED };

unsigned int fct_inject_rates[FCT_NR_POINTS];	/* of a million */

static struct point {
	const char *name;		/* of the tracepoint, or entry_<function>; NULL: no such point */
	unsigned int min_ns, max_ns, shape, mode;
	struct fct_knob knobs[6];	/* filled when it is placed */
	enum { NO_FILE, FILE_FIRST, INODE_FIRST } argument;	/* of a function */
	struct fct_entry entry;
	bool is_there;			/* on this kernel */
} points[FCT_NR_POINTS] = {
#define fct_point(number, function_name, first)	\
	[FCT_POINT_FUNCTION + (number)] = { .name = "entry_" #function_name, .argument = first }
	fct_point(0, nfsd_file_do_acquire, NO_FILE),
	fct_point(1, nfsd_file_get, FILE_FIRST),
	fct_point(2, nfsd_file_put, FILE_FIRST),
	fct_point(3, nfsd_file_put_noref, FILE_FIRST),
	fct_point(4, nfsd_file_free, FILE_FIRST),
	fct_point(5, nfsd_file_unhash, FILE_FIRST),
	fct_point(6, nfsd_file_hash_remove, FILE_FIRST),
	fct_point(7, nfsd_file_lru_add, FILE_FIRST),
	fct_point(8, nfsd_file_lru_remove, FILE_FIRST),
	fct_point(9, nfsd_file_lru_cb, NO_FILE),
	fct_point(10, nfsd_file_gc_cb, NO_FILE),
	fct_point(11, nfsd_file_cond_queue, FILE_FIRST),
	fct_point(12, nfsd_file_queue_for_close, INODE_FIRST),
	fct_point(13, nfsd_file_dispose_list_delayed, NO_FILE),
	fct_point(14, nfsd_file_delayed_close, NO_FILE),
	fct_point(15, nfsd_file_net_dispose, NO_FILE),
	fct_point(16, nfsd_file_slab_free, NO_FILE),
	fct_point(17, nfsd_file_mark_free, NO_FILE),
	fct_point(18, nfsd_file_check_write_error, FILE_FIRST),
	fct_point(19, __nfsd_file_cache_purge, NO_FILE),
#undef fct_point
	[FCT_POINT_LRU] = { .name = "entry_list_lru_add" },
	[FCT_POINT_LRU + 1] = { .name = "entry_list_lru_del" },
};

DEFINE_STATIC_KEY_TRUE(fct_inject_tracepoints);

static bool tracepoint_points = true;
fct_param(bool, tracepoint_points, tracepoint_points, "Injection points at nfsd's tracepoints (default y)");

static bool entry_points = true;
fct_param(bool, entry_points, entry_points, "Injection points at the entries of functions (default y)");

static unsigned int targets_only;
static unsigned int budget_us = 200000;

static const struct fct_knob knobs[] = {
	{ "targets_only", &targets_only, 0, 1, FCT_CAP_INJECT },
	{ "budget_us", &budget_us, 1, USEC_PER_SEC, FCT_CAP_INJECT },
	{ "strategy", &fct_pct.strategy, FCT_RANDOM, FCT_PCT, FCT_CAP_INJECT },
	{ "depth", &fct_pct.depth, 1, FCT_MAX_DEPTH, FCT_CAP_INJECT },
	{ "steps", &fct_pct.steps, 1, 1000000, FCT_CAP_INJECT },
	{ }
};

/*
 * A generator for each thread that comes by, found by its number: what a thread draws depends on the seed
 * and on what it did before. Two threads may share one.
 */
#define GENERATOR_BITS	10
static u64 generators[1 << GENERATOR_BITS];

static atomic64_t spent_ns;		/* in this second */
static unsigned long second;		/* that it is the sum of */

static u64 notrace draw(void)
{
	return fct_xorshift(&generators[hash_32(current->pid, GENERATOR_BITS)]);
}

/* Log-uniform: as many delays between 1 and 2 us as between 10 and 20 us. */
static u64 notrace draw_delay(const struct point *point)
{
	u64 min = READ_ONCE(point->min_ns), max = max_t(u64, min, READ_ONCE(point->max_ns));
	unsigned int octaves;
	u64 low;

	switch (READ_ONCE(point->shape)) {
	case UNIFORM:
		return min + draw() % (max - min + 1);
	case LOG_UNIFORM:
		octaves = ilog2(max | 1) - ilog2(min | 1) + 1;
		low = max_t(u64, min, 1) << (draw() % octaves);
		return min(max, low + draw() % low);
	default:
		return min;
	}
}

/* The guest must stay alive, whatever the rates say. */
static bool notrace afford(u64 ns)
{
	unsigned long now = jiffies / HZ;

	if (READ_ONCE(second) != now) {
		WRITE_ONCE(second, now);
		atomic64_set(&spent_ns, 0);
	}
	return atomic64_add_return(ns, &spent_ns) <= (u64)READ_ONCE(budget_us) * NSEC_PER_USEC;
}

static void notrace spin(u64 ns)
{
	u64 end;

	if (!afford(ns))
		return;
	end = ktime_get_mono_fast_ns() + ns;
	while (ktime_get_mono_fast_ns() < end)
		cpu_relax();
	fct_count_injected();
}

/* The switch comes as soon as preemption is on again. */
static void notrace force_switch(void)
{
	set_tsk_need_resched(current);
	set_preempt_need_resched();
	fct_count_injected();
}

/**
 * fct_inject - perhaps do what a point is set to; called where its rate is not 0
 * @number: of the point
 * @inode: that nfsd works on, NULL if that is not known
 */
void notrace fct_inject(unsigned int number, const void *inode)
{
	struct point *point = &points[number];

	if (!READ_ONCE(fct_active))
		return;
	if (!READ_ONCE(fct_pct.is_playing) && draw() % 1000000 >= READ_ONCE(fct_inject_rates[number]))
		return;
	if (READ_ONCE(targets_only) && !fct_is_target(inode))
		return;
	if (READ_ONCE(fct_pct.is_playing))
		fct_pct_pass();
	else if (READ_ONCE(point->mode) == SPIN)
		spin(draw_delay(point));
	else if (READ_ONCE(point->mode) == RESCHED)
		force_switch();
}

static void notrace function_entered(struct fct_entry *entry, unsigned long first, unsigned long second)
{
	const struct point *point = container_of(entry, struct point, entry);
	const void *argument = (const void *)first, *inode = NULL;
	unsigned int number = point - points;

	/* nfsd_file_get() takes NULL as well. */
	if (point->argument == FILE_FIRST && !IS_ERR_OR_NULL(argument))
		inode = fct_nf_inode(argument);
	else if (point->argument == INODE_FIRST)
		inode = argument;
	fct_inject(number, inode);
}

static void define_knobs(unsigned int number)
{
	struct point *point = &points[number];
	const struct fct_knob defined[] = {
		{ "rate_ppm", &fct_inject_rates[number], 0, 1000000, FCT_CAP_INJECT },
		{ "mode", &point->mode, NOTHING, RESCHED, FCT_CAP_INJECT },
		{ "shape", &point->shape, FIXED, LOG_UNIFORM, FCT_CAP_INJECT },
		{ "min_ns", &point->min_ns, 0, MAX_DELAY_NS, FCT_CAP_INJECT },
		{ "max_ns", &point->max_ns, 0, MAX_DELAY_NS, FCT_CAP_INJECT },
		{ }
	};

	memcpy(point->knobs, defined, sizeof(defined));
}

/* Tracepoints without a struct nfsd_file are nothing else to us than points. */
#define NR_OTHERS	(FCT_NR_POINTS - FCT_POINT_OTHER)

static struct other {
	char name[40];			/* stays when nfsd goes: its folder in debugfs does, too */
	struct fct_probe probe;
} others[NR_OTHERS];

static void probe_other(void *point)
{
	unsigned int number = (struct point *)point - points;

	if (READ_ONCE(fct_inject_rates[number]))
		fct_inject(number, NULL);
}

static int find_other(const char *name)
{
	int i;

	for (i = 0; i < NR_OTHERS && *others[i].name; i++) {
		if (!strcmp(others[i].name, name))
			break;
	}
	return i;
}

static void note_other(struct tracepoint *tp)
{
	int i = find_other(tp->name);

	if (!strstarts(tp->name, "nfsd_file_") || fct_observes(tp->name) || i == NR_OTHERS)
		return;
	strscpy(others[i].name, tp->name, sizeof(others[i].name));
	others[i].probe.tp = tp;
	others[i].probe.call = probe_other;
	others[i].probe.data = &points[FCT_POINT_OTHER + i];
	fct_inject_tracepoint(FCT_POINT_OTHER + i, others[i].name);
}

/**
 * fct_inject_remove - take the probes away; somebody waits afterwards until none runs
 */
void fct_inject_remove(void)
{
	unsigned int i;

	for (i = 0; i < NR_OTHERS; i++)
		fct_probe_forget(&others[i].probe);
	for (i = 0; i < FCT_NR_POINTS; i++)
		points[i].is_there = false;
}

/**
 * fct_inject_start - begin anew, with a probe at each tracepoint whose point has a rate
 * @seed: of the run
 *
 * Return: 0 or a negative errno.
 */
int fct_inject_start(u64 seed)
{
	unsigned int i;
	int err = fct_observe_settle();

	for (i = 0; i < NR_OTHERS && !err; i++) {
		if (READ_ONCE(fct_inject_rates[FCT_POINT_OTHER + i]))
			err = fct_probe_want(&others[i].probe);
	}
	for (i = 0; i < ARRAY_SIZE(generators); i++)
		WRITE_ONCE(generators[i], fct_mix(seed ^ fct_mix(~(u64)i)) ?: 1);
	return err;
}

/**
 * fct_inject_tracepoint - a tracepoint can have a probe: if wanted, there is a point from now on
 * @number: of the point
 * @name: of the tracepoint, stays
 */
void fct_inject_tracepoint(unsigned int number, const char *name)
{
	points[number].name = name;
	points[number].is_there = tracepoint_points;
}

static int add_entries(void)
{
	struct point *point;
	void *function;
	int err;

	for (point = &points[FCT_POINT_FUNCTION]; point < &points[FCT_POINT_LRU]; point++) {
		function = point->name ? fct_find_symbol(point->name + strlen("entry_")) : NULL;
		if (!function)
			continue;
		point->entry.entered = function_entered;
		point->entry.wanted = &fct_inject_rates[point - points];
		err = fct_entry_add(&point->entry, function);
		if (err)
			return err;
		point->is_there = true;
	}
	return 0;
}

static int add_lru(void)
{
	int err = fct_lru_place();

	points[FCT_POINT_LRU].is_there = !err;
	points[FCT_POINT_LRU + 1].is_there = !err;
	return err == -ENOENT ? 0 : err;
}

/**
 * fct_inject_place - put points where nobody else has; only while nothing runs
 *
 * A function that the compiler has inlined has no entry: its point is absent.
 *
 * Return: 0 or a negative errno.
 */
int fct_inject_place(void)
{
	unsigned int i;

	for (i = 0; i < FCT_NR_POINTS; i++) {
		define_knobs(i);
		points[i].is_there = false;
	}
	if (tracepoint_points)
		fct_visit_nfsd_tracepoints(note_other);
	else
		static_branch_disable(&fct_inject_tracepoints);
	fct_capability_grant(FCT_CAP_INJECT);
	return entry_points ? add_entries() ?: add_lru() : 0;
}

/**
 * fct_inject_show - a line with the points that there are
 * @m: where to
 */
void fct_inject_show(struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, "points");
	for (i = 0; i < FCT_NR_POINTS; i++) {
		if (points[i].is_there)
			seq_printf(m, " %s", points[i].name);
	}
	seq_putc(m, '\n');
}

/**
 * fct_inject_visit - visit all folders of knobs: the common one first, then a folder for each point
 * @visit: gets the folder's name, NULL for the common knobs, and its knobs
 * @data: for @visit
 */
void fct_inject_visit(void (*visit)(const char *folder, const struct fct_knob *knobs, void *data),
		      void *data)
{
	unsigned int i;

	visit(NULL, knobs, data);
	for (i = 0; i < FCT_NR_POINTS; i++) {
		if (points[i].is_there)
			visit(points[i].name, points[i].knobs, data);
	}
}
