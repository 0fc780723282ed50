// SPDX-License-Identifier: GPL-2.0
/*
 * fct_pct.c - strategy pct: threads have random priorities, and some change them on the way
 *
 * After Burckhardt, Kothari, Musuvathi and Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees
 * of Finding Bugs", ASPLOS 2010. On one CPU the kernel's own scheduler is the one of that paper, if each
 * thread has a priority of SCHED_FIFO that no other has. Giving one may sleep, which an injection point must
 * not: a thread of ours does it, the conductor, which is woken there and goes before all others.
 *
 * Load has no end, so it is cut into rounds, each one execution in the sense of the paper: priorities and
 * change points are drawn anew, and after so many passes of injection points all is as it was before.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/prio.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <uapi/linux/sched/types.h>

#include "fct.h"
#include "fct_pct.h"

#define MAX_MEMBERS	64
#define FIRST		(MAX_RT_PRIO - 1)	/* the conductor's */
#define ROUND_NS	(100 * NSEC_PER_MSEC)	/* at the most: threads may wait for one that is held up */
#define REST_NS		NSEC_PER_MSEC		/* at least */

struct fct_pct fct_pct = { .depth = 2, .steps = 1000 };

/*
 * 0: as it was. 1: SCHED_IDLE, so that the rest of the system (grace periods, clients) goes on meanwhile,
 * too. All above: a priority of SCHED_FIFO.
 */
#define AS_IT_WAS	0
#define LOWEST		1

/* A thread that takes part. */
static struct member {
	struct task_struct *task;
	unsigned int level;
	unsigned int applied;
} members[MAX_MEMBERS];

/* Guards what points share. Only they add members; only the conductor drops them, between rounds. */
static DEFINE_RAW_SPINLOCK(lock);
static unsigned int nr_members;
static bool is_on;			/* a round */
static bool has_work;			/* for the conductor */
static unsigned int step;		/* of this round */
static unsigned int depth, nr_steps;	/* as they were when the run began */
static unsigned int change_at[FCT_MAX_DEPTH];
static u64 random;

static struct fct_pct_stats total;
static struct task_struct *conductor;
static int (*set_attributes)(struct task_struct *task, const struct sched_attr *attr);

static bool notrace is_taken(unsigned int level)
{
	unsigned int i;

	for (i = 0; i < nr_members; i++) {
		if (members[i].level == level)
			return true;
	}
	return false;
}

/* Above those that change points lower to, below the conductor. */
static unsigned int notrace draw_level(void)
{
	unsigned int level;

	do {
		level = depth + 1 + fct_xorshift(&random) % (FIRST - depth - 1);
	} while (is_taken(level));
	return level;
}

/* Whoever spins for another at a barrier must not keep it from the CPU. */
static bool notrace may_take_part(const struct task_struct *task)
{
	return task->flags & PF_KTHREAD &&
	       (!strcmp(task->comm, "nfsd") ||
		(strstarts(task->comm, "fct_") && !strstarts(task->comm, "fct_rendezvous")));
}

static struct member *notrace find_member(const struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < nr_members; i++) {
		if (members[i].task == task)
			return &members[i];
	}
	return NULL;
}

/* Somebody has given it a priority of its own, or there are too many. */
static struct member *notrace add_member(struct task_struct *task)
{
	struct member *member = &members[nr_members];

	if (nr_members == MAX_MEMBERS || task->policy != SCHED_NORMAL)
		return NULL;
	*member = (struct member) { .task = get_task_struct(task), .level = draw_level() };
	nr_members++;
	has_work = true;
	return member;
}

static void notrace pass(struct task_struct *task)
{
	struct member *member = find_member(task) ?: add_member(task);
	unsigned int i;

	if (!member) {
		total.left_out++;
		return;
	}
	step++;
	for (i = 1; i < depth; i++) {
		if (change_at[i] != step)
			continue;
		member->level = depth - i;
		has_work = true;
		fct_count_injected();
	}
	if (step == nr_steps) {
		is_on = false;
		has_work = true;
	}
}

/**
 * fct_pct_pass - the current thread passes an injection point
 *
 * May be called wherever injection points are. What follows from it comes as soon as preemption is on again.
 */
void notrace fct_pct_pass(void)
{
	unsigned long flags;

	if (!in_task() || !may_take_part(current))
		return;
	raw_spin_lock_irqsave(&lock, flags);
	if (is_on) {
		pass(current);
		if (has_work)
			wake_up_process(conductor);
	}
	raw_spin_unlock_irqrestore(&lock, flags);
}

static void apply(struct member *member, unsigned int level)
{
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = SCHED_FIFO,
		.sched_priority = level,
		.sched_nice = task_nice(member->task),
	};

	if (level == member->applied)
		return;
	if (level <= LOWEST) {
		attr.sched_policy = level == LOWEST ? SCHED_IDLE : SCHED_NORMAL;
		attr.sched_priority = 0;
	}
	WARN_ON_ONCE(set_attributes(member->task, &attr));
	member->applied = level;
}

static void apply_all(void)
{
	unsigned int i;

	WRITE_ONCE(has_work, false);
	for (i = 0; i < READ_ONCE(nr_members); i++)
		apply(&members[i], READ_ONCE(members[i].level));
}

static void drop_members(bool all)
{
	unsigned int i;

	for (i = nr_members; i-- > 0;) {
		struct task_struct *task = members[i].task;

		if (!all && !(READ_ONCE(task->flags) & PF_EXITING))
			continue;
		members[i] = members[--nr_members];
		put_task_struct(task);
	}
}

static void begin_round(void)
{
	unsigned int i;

	drop_members(false);
	raw_spin_lock_irq(&lock);
	for (i = 0; i < nr_members; i++)
		members[i].level = draw_level();
	for (i = 1; i < depth; i++)
		change_at[i] = 1 + fct_xorshift(&random) % nr_steps;
	step = 0;
	is_on = true;
	has_work = true;
	raw_spin_unlock_irq(&lock);
}

static void conduct_until(ktime_t end)
{
	while (READ_ONCE(is_on) && !kthread_should_stop() && ktime_before(ktime_get(), end)) {
		apply_all();
		set_current_state(TASK_IDLE);
		if (!READ_ONCE(has_work) && !kthread_should_stop())
			schedule_hrtimeout(&end, HRTIMER_MODE_ABS);
		__set_current_state(TASK_RUNNING);
	}
}

static void end_round(void)
{
	unsigned int i;

	raw_spin_lock_irq(&lock);
	is_on = false;
	total.rounds++;
	total.cut += step < nr_steps;
	total.passes += step;
	total.threads = max(total.threads, nr_members);
	for (i = 0; i < nr_members; i++)
		members[i].level = AS_IT_WAS;
	raw_spin_unlock_irq(&lock);
	apply_all();
}

/* As long as the round was: others need the CPU, too, and real-time tasks may not have it all the time. */
static void rest_since(ktime_t began)
{
	ktime_t time = max_t(ktime_t, ktime_sub(ktime_get(), began), REST_NS);

	set_current_state(TASK_IDLE);
	if (!kthread_should_stop())
		schedule_hrtimeout(&time, HRTIMER_MODE_REL);
	__set_current_state(TASK_RUNNING);
}

static int conduct(void *unused)
{
	while (!kthread_should_stop()) {
		ktime_t began = ktime_get();

		begin_round();
		conduct_until(ktime_add_ns(began, ROUND_NS));
		end_round();
		rest_since(began);
	}
	return 0;
}

static int set_first(struct task_struct *task)
{
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = SCHED_FIFO,
		.sched_priority = FIRST,
	};

	return set_attributes(task, &attr);
}

/**
 * fct_pct_start - begin rounds if the strategy says so; no thread passes injection points yet
 * @seed: of the run
 *
 * Return: 0; -EOPNOTSUPP if there are several CPUs, or this kernel does not do it; another negative errno.
 */
int fct_pct_start(u64 seed)
{
	struct task_struct *task;
	int err;

	if (READ_ONCE(fct_pct.strategy) != FCT_PCT)
		return 0;
	set_attributes = fct_find_kernel_symbol("sched_setattr_nocheck");
	if (num_online_cpus() > 1 || !set_attributes)
		return -EOPNOTSUPP;
	depth = READ_ONCE(fct_pct.depth);
	nr_steps = READ_ONCE(fct_pct.steps);
	random = fct_mix(seed ^ fct_mix(FCT_NR_STRESSORS)) ?: 1;
	task = kthread_create(conduct, NULL, "fct_pct");
	if (IS_ERR(task))
		return PTR_ERR(task);
	err = set_first(task);
	if (err) {
		kthread_stop(task);
		return err;
	}
	conductor = task;
	WRITE_ONCE(fct_pct.is_playing, true);
	wake_up_process(task);
	return 0;
}

/**
 * fct_pct_stop - end rounds; each thread has its own policy again
 */
void fct_pct_stop(void)
{
	if (!fct_pct.is_playing)
		return;
	WRITE_ONCE(fct_pct.is_playing, false);
	kthread_stop(conductor);
	drop_members(true);
}

/**
 * fct_pct_fill - counters since the module was loaded
 * @stats: filled
 */
void fct_pct_fill(struct fct_pct_stats *stats)
{
	raw_spin_lock_irq(&lock);
	*stats = total;
	raw_spin_unlock_irq(&lock);
}
