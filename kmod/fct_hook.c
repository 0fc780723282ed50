// SPDX-License-Identifier: GPL-2.0
/*
 * fct_hook.c - redirect functions of nfsd to ours
 *
 * There is one ftrace_ops for all redirects, and one for each way that entries are had: placing one patches
 * kernel text and waits for all CPUs and tasks, which takes seconds under emulation. So hooks and entries are
 * added first, and placed together.
 *
 * A redirected call counts as under way from the ftrace callback, before the first instruction of the
 * replacement, to fct_hook_leave(): nothing of this module may go away before all have left.
 */
#include <linux/ftrace.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "fct.h"
#include "fct_table.h"

/* One CPU's share may be negative: a call can end on another CPU than it began on. */
static DEFINE_PER_CPU(long, under_way);

static DECLARE_WAIT_QUEUE_HEAD(drained);

/**
 * fct_hook_leave - a redirected call is over; the replacement does nothing but return after it
 */
void fct_hook_leave(void)
{
	this_cpu_dec(under_way);
	if (wq_has_sleeper(&drained))
		wake_up_all(&drained);
}

static bool is_drained(void)
{
	long sum = 0;
	int cpu;

	/* No call can be added any more, so a sum that misses a leave is too large, never too small. */
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(under_way, cpu));
	return sum == 0;
}

/**
 * fct_hook_drain - wait until all redirected calls are over; no hook wants any more
 * @timeout: in jiffies
 *
 * Return: false if some were still under way after that time.
 */
bool fct_hook_drain(unsigned long timeout)
{
	synchronize_rcu();	/* a callback that still saw "wanted" has counted its call now */
	return wait_event_timeout(drained, is_drained(), timeout) > 0;
}

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_REGS

static struct fct_table hooks;

static void notrace redirect(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			     struct fct_regs *regs)
{
	struct fct_hook *hook = fct_table_find(&hooks, ip);

	/* The replacement itself calls the function: that call is meant. */
	if (!hook || within_module(parent_ip, THIS_MODULE) || !hook->wants())
		return;
	this_cpu_inc(under_way);
	instruction_pointer_set(fct_get_regs(regs), (unsigned long)hook->replacement);
}

static struct ftrace_ops hook_ops = {
	.func	= redirect,
	.flags	= FCT_SAVING | FTRACE_OPS_FL_IPMODIFY,
};

/**
 * fct_hook_add - let calls of a function go to a hook's replacement, from fct_hooks_place() on
 * @hook: with replacement and wants set
 * @function: of nfsd
 *
 * Return: 0, or -ENOSPC.
 */
int fct_hook_add(struct fct_hook *hook, void *function)
{
	return fct_table_set(&hooks, (unsigned long)function, hook);
}

/**
 * fct_is_hooked - whether calls of a function may be redirected
 * @function: of nfsd
 */
bool fct_is_hooked(unsigned long function)
{
	return fct_table_find(&hooks, function);
}

/**
 * fct_hooks_place - place all that was added; only while nothing runs
 *
 * Return: 0 or a negative errno, -EBUSY if someone else (a live patch) redirects one of the functions.
 */
int fct_hooks_place(void)
{
	int err = fct_table_place(&hooks, &hook_ops);

	if (err)
		return err;
	err = fct_entries_place();
	if (err)
		fct_table_unplace(&hooks, &hook_ops);
	return err;
}

/**
 * fct_hooks_remove - undo fct_hooks_place() and all that was added, and wait until nobody is in one of ours
 *
 * Waits as long as it takes: a replacement's text must not go away under a thread that is in it.
 */
void fct_hooks_remove(void)
{
	fct_entries_unplace();
	fct_table_unplace(&hooks, &hook_ops);
	fct_hook_drain(MAX_SCHEDULE_TIMEOUT);
	synchronize_rcu_tasks();	/* those between fct_hook_leave() and the return */
	fct_entries_forget();
	memset(&hooks, 0, sizeof(hooks));
}

#else /* CONFIG_DYNAMIC_FTRACE_WITH_REGS */

int fct_hook_add(struct fct_hook *hook, void *function)
{
	return -EOPNOTSUPP;
}

int fct_hooks_place(void)
{
	return 0;
}

void fct_hooks_remove(void)
{
}

#endif
