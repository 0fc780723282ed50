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
#include "fct_pct.h"

bool fct_active;
u64 fct_seed = 1;

static DEFINE_MUTEX(lock);
static const void *run_owner;
static struct fct_worker *workers;
static unsigned int nr_workers;
static bool complained_before;		/* the kernel, when the run started */

/**
 * fct_random - next number of a worker's generator
 * @worker: its state follows from the run's seed, its stressor and its number
 */
u64 fct_random(struct fct_worker *worker)
{
	return fct_xorshift(&worker->random);
}

/**
 * fct_xorshift - next number of a generator (xorshift64*)
 * @state: never 0
 */
u64 fct_xorshift(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/**
 * fct_mix - splitmix64: neighbouring values give unrelated ones
 * @value: any
 */
u64 fct_mix(u64 value)
{
	value += 0x9e3779b97f4a7c15ULL;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
	return value ^ (value >> 31);
}

/**
 * fct_pause - wait between two bursts
 * @worker: the caller's own
 *
 * The pause varies around its mean, or threads would march in step. kthread_stop() cuts it short.
 */
void fct_pause(struct fct_worker *worker)
{
	u64 gap = READ_ONCE(worker->stressor->pace->gap_us);
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

static void operate(struct fct_worker *worker)
{
	const struct fct_stressor *stressor = worker->stressor;
	struct fct_pin *target = NULL;

	if (stressor->seek) {
		target = fct_target_pick(fct_random(worker) >> 32, READ_ONCE(*stressor->seek));
		if (!target)
			return;
	}
	stressor->operate(stressor, worker, target);
	fct_target_put(target);
}

static void do_burst(struct fct_worker *worker)
{
	enum fct_gate gate = worker->stressor->gate;
	unsigned int i;

	for (i = 0; i < READ_ONCE(worker->stressor->pace->burst) && !kthread_should_stop(); i++) {
		if (!fct_gate_enter(gate))
			return;
		operate(worker);
		fct_gate_leave(gate);
		cond_resched();
	}
}

static int work(void *data)
{
	struct fct_worker *worker = data;
	enum fct_gate gate = worker->stressor->gate;

	while (!kthread_should_stop()) {
		do_burst(worker);
		if (!fct_gate_is_open(gate))
			fct_gate_await(gate);
		else if (worker->stressor->await)
			worker->stressor->await(worker);
		else
			fct_pause(worker);
	}
	return 0;
}

static bool is_wanted(int cpu, unsigned int mask)
{
	return mask == 0 || (cpu < 32 && mask & BIT(cpu));
}

static unsigned int count_cpus(unsigned int mask)
{
	unsigned int count = 0;
	int cpu;

	for_each_online_cpu(cpu)
		count += is_wanted(cpu, mask);
	return count;
}

/* As long as there are enough of them, no two workers share a CPU. A mask without online CPUs is none. */
static int nth_online_cpu(unsigned int n, unsigned int mask)
{
	unsigned int count = count_cpus(mask);
	int cpu;

	if (count == 0)
		return nth_online_cpu(n, 0);
	n %= count;
	for_each_online_cpu(cpu) {
		if (is_wanted(cpu, mask) && n-- == 0)
			return cpu;
	}
	return cpumask_first(cpu_online_mask);
}

static unsigned int threads_of(const struct fct_stressor *stressor)
{
	return stressor->pace && fct_can(BIT_ULL(stressor->id)) ? READ_ONCE(stressor->pace->threads) : 0;
}

static int create_worker(const struct fct_stressor *stressor, unsigned int number)
{
	struct fct_worker *worker = &workers[nr_workers];
	unsigned int cpus = READ_ONCE(stressor->pace->cpus);
	int err;

	worker->stressor = stressor;
	worker->number = number;
	worker->random = fct_mix(fct_seed ^ fct_mix((u64)stressor->id << 32 | number)) ?: 1;
	err = stressor->setup ? stressor->setup(worker) : 0;
	if (err)
		return err;
	worker->task = kthread_create(work, worker, "fct_%s/%u", stressor->name, number);
	if (IS_ERR(worker->task)) {
		if (stressor->teardown)
			stressor->teardown(worker);
		return PTR_ERR(worker->task);
	}
	get_task_struct(worker->task);	/* it may die of what it provokes */
	if (stressor->is_urgent && threads_of(stressor) <= count_cpus(cpus))
		sched_set_fifo_low(worker->task);
	kthread_bind(worker->task, nth_online_cpu(cpus ? number : nr_workers, cpus));
	nr_workers++;
	return 0;
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
		struct fct_worker *worker = &workers[--nr_workers];

		kthread_stop(worker->task);
		put_task_struct(worker->task);
		if (worker->stressor->teardown)
			worker->stressor->teardown(worker);
	}
	kfree(workers);
	workers = NULL;
}

/* On every console, as other torture tests: after a crash it may be all there is. */
static void announce(const char *what)
{
	pr_alert("--- %s: seed=%llu targets=%u busted=%s\n", what, fct_seed, fct_targets_count(),
		 fct_busted_name());
}

/* A line for each stressor that takes part. */
static void announce_knobs(void)
{
	const struct fct_knob *knob;
	char line[256];
	int i, n;

	for (i = 0; i < FCT_NR_STRESSORS; i++) {
		if (!fct_can(BIT_ULL(i)) || (fct_stressors[i]->pace && threads_of(fct_stressors[i]) == 0))
			continue;
		n = 0;
		for (knob = fct_stressors[i]->knobs; knob->name; knob++)
			n += scnprintf(line + n, sizeof(line) - n, " %s=%u", knob->name,
				       READ_ONCE(*knob->value));
		pr_alert("%s:%s\n", fct_stressors[i]->name, line);
	}
}

static void announce_stats(void)
{
	struct fct_stats *stats = kmalloc(sizeof(*stats), GFP_KERNEL);
	int i;

	if (!stats)
		return;
	fct_stats_fill(stats);
	for (i = 0; i < FCT_NR_STRESSORS; i++) {
		if (stats->stressor[i].called == 0)
			continue;
		pr_alert("%s: called=%llu useful=%llu raced=%llu\n", fct_stressors[i]->name,
			 stats->stressor[i].called, stats->stressor[i].useful, stats->stressor[i].raced);
	}
	kfree(stats);
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
 * Return: 0, -EBUSY if a run is on, -EOPNOTSUPP if strategy pct cannot be had here, -ENOMEM or another error
 * of kthread_create() or of placing a probe.
 */
int fct_run_start(u64 seed, const void *owner)
{
	unsigned int i;
	int err = -EBUSY;

	mutex_lock(&lock);
	if (fct_active)
		goto unlock;
	fct_seed = seed;
	err = fct_inject_start(seed) ?: create_workers() ?: fct_pct_start(seed);
	if (err) {
		stop_workers();
		goto unlock;
	}
	run_owner = owner;
	complained_before = has_complained();
	announce("Start of test");
	announce_knobs();
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
		fct_pct_stop();
		stop_workers();
		quiesce_stressors();
		announce_stats();
		announce(judge());
	}
	mutex_unlock(&lock);
}
