// SPDX-License-Identifier: GPL-2.0
/*
 * fct_rendezvous.c - several operations at one instant on one inode, and the phase between them swept
 *
 * The parties of a round meet at a barrier that they spin at. From there the first waits span_ns, and the
 * others span_ns and their offset: of -span_ns .. span_ns in `steps` equal parts, the second takes the one
 * of this round's step, the third goes three times and the fourth seven times as fast. So a race that
 * needs one exact phase is tried again and again; with first_step and last_step around the step that it
 * was hit at, nothing else is.
 */
#include <linux/atomic.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>

#include "fct.h"
#include "fct_trace.h"

#define MAX_PARTIES	4
#define MAX_STEPS	65536
#define BARRIER_NS	(10 * NSEC_PER_MSEC)

static struct fct_pace pace = { .gap_us = 200, .burst = 1 };	/* threads are parties */
static unsigned int party[MAX_PARTIES] = { FCT_CLOSE, FCT_SYNTHETIC, FCT_SHRINK, FCT_GC };
static unsigned int span_ns = 20000;
static unsigned int steps = 64;
static unsigned int first_step, last_step = MAX_STEPS - 1;

static DECLARE_WAIT_QUEUE_HEAD(next_round);
static DECLARE_WAIT_QUEUE_HEAD(round_over);

static struct {
	u32 number;			/* published last; 0: no round yet */
	u32 phase;			/* where the sweep of this run began */
	unsigned int parties;		/* of this run */
	unsigned int step;
	struct fct_pin *target;		/* held until the next round, or the end of the run */
	bool is_on;			/* called, and not judged yet; the leader's own */
	atomic_t arrived;
	atomic_t done;
	u64 begun[MAX_PARTIES], ended[MAX_PARTIES];
} round;

static u64 now_ns(void)
{
	return ktime_get_mono_fast_ns();
}

static void spin_until(u64 ns)
{
	while (now_ns() < ns)
		cpu_relax();
}

static s64 offset_of(unsigned int number, unsigned int step)
{
	static const unsigned int speed[MAX_PARTIES] = { 0, 1, 3, 7 };
	u64 span = READ_ONCE(span_ns);
	unsigned int parts = READ_ONCE(steps);

	if (number == 0)
		return 0;
	return div_u64(2 * span * ((u64)step * speed[number] % parts), parts) - span;
}

/* A party that was just stopped never comes: the others go on after a while. */
static void meet(void)
{
	u64 deadline = now_ns() + BARRIER_NS;

	atomic_inc(&round.arrived);
	while (atomic_read(&round.arrived) < round.parties && now_ns() < deadline)
		cpu_relax();
}

static void take_part(struct fct_worker *worker)
{
	unsigned int number = worker->number;
	const struct fct_stressor *stressor = fct_stressors[READ_ONCE(party[number])];
	s64 wait = (s64)READ_ONCE(span_ns) + offset_of(number, round.step);

	meet();
	spin_until(now_ns() + wait);
	round.begun[number] = now_ns();
	if (stressor->operate && fct_can(BIT_ULL(stressor->id)))
		stressor->operate(stressor, worker, round.target);
	round.ended[number] = now_ns();
	/* Ordered, so that have_met() sees the times of all who are done. */
	if (atomic_inc_return(&round.done) == round.parties)
		wake_up(&round_over);
}

/* Whether some instant was inside all operations. */
static bool have_met(void)
{
	u64 begun = 0, ended = U64_MAX;
	unsigned int i;

	for (i = 0; i < round.parties; i++) {
		begun = max(begun, round.begun[i]);
		ended = min(ended, round.ended[i]);
	}
	return begun < ended;
}

static unsigned int next_step(void)
{
	unsigned int parts = READ_ONCE(steps);
	unsigned int first = min(READ_ONCE(first_step), parts - 1);
	unsigned int last = clamp(READ_ONCE(last_step), first, parts - 1);

	return first + (round.number + round.phase) % (last - first + 1);
}

static void call_round(struct fct_pin *target)
{
	fct_target_put(round.target);	/* all are done with it */
	round.target = target;
	round.step = next_step();
	round.is_on = true;
	atomic_set(&round.arrived, 0);
	atomic_set(&round.done, 0);
	smp_store_release(&round.number, round.number + 1);	/* whoever sees it sees what is above */
	wake_up_all(&next_round);
}

/* Parties that nfsd turned away while it went down take part in their own round when it is back. */
static void lead(struct fct_worker *worker)
{
	struct fct_pin *target = round.is_on ? NULL : fct_target_pick(fct_random(worker) >> 32, 0);

	if (!target)
		return;
	call_round(target);
	take_part(worker);
}

static bool is_over(void)
{
	return atomic_read_acquire(&round.done) >= round.parties;	/* pairs with take_part() */
}

static void judge_round(void)
{
	bool met = have_met();

	round.is_on = false;
	trace_fct_round(round.number, round.step, offset_of(1, round.step), met);
	fct_count_operation(FCT_RENDEZVOUS, met, met);
}

static bool is_called(const struct fct_worker *worker)
{
	return smp_load_acquire(&round.number) != worker->round;	/* pairs with call_round() */
}

static void follow(struct fct_worker *worker)
{
	if (!is_called(worker))
		return;
	worker->round = round.number;
	take_part(worker);
}

static void operate(const struct fct_stressor *stressor, struct fct_worker *worker, struct fct_pin *target)
{
	if (worker->number == 0)
		lead(worker);
	else
		follow(worker);
}

static void await_parties(void)
{
	if (round.is_on)
		wait_event_interruptible(round_over, is_over() || kthread_should_stop());
	if (round.is_on && is_over())
		judge_round();
}

static void await(struct fct_worker *worker)
{
	if (worker->number == 0) {
		await_parties();
		fct_pause(worker);
	} else {
		wait_event_interruptible(next_round, is_called(worker) || kthread_should_stop());
	}
}

static int setup(struct fct_worker *worker)
{
	if (worker->number == 0) {
		round.phase = fct_mix(fct_seed);
		round.parties = 0;
		round.is_on = false;
	}
	round.parties++;
	worker->round = round.number;
	return fct_scratch_alloc(worker);
}

static void teardown(struct fct_worker *worker)
{
	fct_scratch_free(worker);
	if (worker->number == 0) {
		fct_target_put(round.target);
		round.target = NULL;
	}
}

/**
 * fct_sweep_fill - where the sweep stands
 * @sweep: filled
 */
void fct_sweep_fill(struct fct_sweep *sweep)
{
	sweep->step = READ_ONCE(round.step);
	sweep->offset_ns = offset_of(1, sweep->step);
}

static const struct fct_knob knobs[] = {
	{ "threads", &pace.threads, 0, MAX_PARTIES, FCT_CAP_RENDEZVOUS },
	{ "gap_us", &pace.gap_us, 0, FCT_MAX_GAP_US, FCT_CAP_RENDEZVOUS },
	{ "cpus", &pace.cpus, 0, UINT_MAX, FCT_CAP_RENDEZVOUS },
	{ "party0", &party[0], 0, FCT_FSNOTIFY, FCT_CAP_RENDEZVOUS },
	{ "party1", &party[1], 0, FCT_FSNOTIFY, FCT_CAP_RENDEZVOUS },
	{ "party2", &party[2], 0, FCT_FSNOTIFY, FCT_CAP_RENDEZVOUS },
	{ "party3", &party[3], 0, FCT_FSNOTIFY, FCT_CAP_RENDEZVOUS },
	{ "span_ns", &span_ns, 0, 10 * NSEC_PER_MSEC, FCT_CAP_RENDEZVOUS },
	{ "steps", &steps, 1, MAX_STEPS, FCT_CAP_RENDEZVOUS },
	{ "first_step", &first_step, 0, MAX_STEPS - 1, FCT_CAP_RENDEZVOUS },
	{ "last_step", &last_step, 0, MAX_STEPS - 1, FCT_CAP_RENDEZVOUS },
	{ }
};

const struct fct_stressor fct_rendezvous = {
	.name		= "rendezvous",
	.id		= FCT_RENDEZVOUS,
	.needs		= FCT_SYM_CLOSE_INODE_SYNC | FCT_SYM_IS_CACHED,
	.knobs		= knobs,
	.pace		= &pace,
	.operate	= operate,
	.await		= await,
	.is_urgent	= true,		/* who comes late makes the others spin */
	.setup		= setup,
	.teardown	= teardown,
};
