// SPDX-License-Identifier: GPL-2.0
/* fct_run.c - a run: the threads of the stressors, from start to "End of test" */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "fct.h"

bool fct_active;
u64 fct_seed = 1;

static DEFINE_MUTEX(lock);
static const void *run_owner;
static struct fct_worker *workers;
static unsigned int nr_workers;
static bool complained_before;		/* the kernel, when the run started */

/**
 * fct_random - next number of a worker's generator (xorshift64*)
 * @worker: its state follows from the run's seed, its stressor and its number
 */
u64 fct_random(struct fct_worker *worker)
{
	worker->random ^= worker->random >> 12;
	worker->random ^= worker->random << 25;
	worker->random ^= worker->random >> 27;
	return worker->random * 0x2545f4914f6cdd1dULL;
}

/* splitmix64: neighbouring seeds give unrelated states. */
static u64 mix(u64 value)
{
	value += 0x9e3779b97f4a7c15ULL;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
	return value ^ (value >> 31);
}

/* The pause varies around its mean, or threads would march in step. kthread_stop() cuts it short. */
static void pause(struct fct_worker *worker)
{
	u64 gap = READ_ONCE(*worker->stressor->gap_us);
	ktime_t time = ns_to_ktime((gap / 2 + fct_random(worker) % (gap + 1)) * NSEC_PER_USEC);

	if (gap == 0) {
		cond_resched();
		return;
	}
	set_current_state(TASK_INTERRUPTIBLE);
	if (!kthread_should_stop())
		schedule_hrtimeout_range(&time, NSEC_PER_USEC * gap / 8, HRTIMER_MODE_REL);
	__set_current_state(TASK_RUNNING);
}

static int work(void *data)
{
	struct fct_worker *worker = data;

	while (!kthread_should_stop()) {
		worker->stressor->once(worker);
		pause(worker);
	}
	return 0;
}

/* As long as there are enough of them, no two workers share a CPU. */
static int nth_online_cpu(unsigned int n)
{
	int cpu;

	n %= num_online_cpus();
	for_each_online_cpu(cpu) {
		if (n-- == 0)
			return cpu;
	}
	return cpumask_first(cpu_online_mask);
}

static int create_worker(const struct fct_stressor *stressor, unsigned int number)
{
	struct fct_worker *worker = &workers[nr_workers];

	worker->stressor = stressor;
	worker->random = mix(fct_seed ^ mix((u64)stressor->id << 32 | number)) ?: 1;
	worker->task = kthread_create(work, worker, "fct_%s/%u", stressor->name, number);
	if (IS_ERR(worker->task))
		return PTR_ERR(worker->task);
	get_task_struct(worker->task);	/* it may die of what it provokes */
	kthread_bind(worker->task, nth_online_cpu(nr_workers));
	nr_workers++;
	return 0;
}

static unsigned int threads_of(const struct fct_stressor *stressor)
{
	return stressor->threads ? READ_ONCE(*stressor->threads) : 0;
}

static int create_workers(void)
{
	const struct fct_stressor *stressor;
	unsigned int i, threads, number;
	int err = 0;

	workers = kcalloc(FCT_NR_STRESSORS * FCT_MAX_THREADS, sizeof(*workers), GFP_KERNEL);
	if (!workers)
		return -ENOMEM;
	cpus_read_lock();
	for (i = 0; i < FCT_NR_STRESSORS && !err; i++) {
		stressor = fct_stressors[i];
		threads = threads_of(stressor);
		for (number = 0; number < threads && !err; number++)
			err = create_worker(stressor, number);
	}
	cpus_read_unlock();
	return err;
}

static void stop_workers(void)
{
	while (nr_workers > 0) {
		kthread_stop(workers[--nr_workers].task);
		put_task_struct(workers[nr_workers].task);
	}
	kfree(workers);
	workers = NULL;
}

/* On every console, as other torture tests: after a crash it may be all there is. */
static void announce(const char *what)
{
	const struct fct_knob *knob;
	char line[256];
	int i, n = 0;

	for (i = 0; i < FCT_NR_STRESSORS; i++) {
		for (knob = fct_stressors[i]->knobs; knob->name; knob++)
			n += scnprintf(line + n, sizeof(line) - n, " %s/%s=%u", fct_stressors[i]->name,
				       knob->name, READ_ONCE(*knob->value));
	}
	pr_alert("--- %s: seed=%llu targets=%u busted=%s%s\n", what, fct_seed, fct_targets_count(),
		 fct_busted_name(), line);
}

static void announce_stats(void)
{
	struct fct_stats stats;
	int i;

	fct_stats_fill(&stats);
	for (i = 0; i < FCT_NR_STRESSORS; i++)
		pr_alert("%s: called=%llu useful=%llu raced=%llu\n", fct_stressors[i]->name,
			 stats.stressor[i].called, stats.stressor[i].useful, stats.stressor[i].raced);
}

/* WARN, oops or bad page, since the kernel was booted. */
static bool has_complained(void)
{
	return test_taint(TAINT_WARN) || test_taint(TAINT_DIE) || test_taint(TAINT_BAD_PAGE);
}

static const char *judge(void)
{
	if (complained_before)
		return "End of test: UNDECIDED, the kernel had complained before";
	return has_complained() ? "End of test: FAILURE" : "End of test: SUCCESS";
}

/**
 * fct_run_start - start the threads of all stressors, and let acquire redirect calls
 * @seed: decides what the threads draw
 * @owner: whoever may end it with fct_run_stop()
 *
 * Return: 0, -EBUSY if a run is on, -ENOMEM or another error of kthread_create().
 */
int fct_run_start(u64 seed, const void *owner)
{
	unsigned int i;
	int err = -EBUSY;

	mutex_lock(&lock);
	if (fct_active)
		goto unlock;
	fct_seed = seed;
	err = create_workers();
	if (err) {
		stop_workers();
		goto unlock;
	}
	run_owner = owner;
	complained_before = has_complained();
	announce("Start of test");
	WRITE_ONCE(fct_active, true);
	for (i = 0; i < nr_workers; i++)
		wake_up_process(workers[i].task);
unlock:
	mutex_unlock(&lock);
	return err;
}

static void quiesce_stressors(void)
{
	int i;

	for (i = 0; i < FCT_NR_STRESSORS; i++) {
		if (fct_stressors[i]->quiesce)
			fct_stressors[i]->quiesce();
	}
}

/**
 * fct_run_stop - end the run, and wait until its last operation is over
 * @owner: of the run; nothing is done to a run of another owner. %FCT_ANYONE ends any run.
 */
void fct_run_stop(const void *owner)
{
	mutex_lock(&lock);
	if (fct_active && (owner == FCT_ANYONE || owner == run_owner)) {
		WRITE_ONCE(fct_active, false);
		stop_workers();
		quiesce_stressors();
		announce_stats();
		announce(judge());
	}
	mutex_unlock(&lock);
}
