// SPDX-License-Identifier: GPL-2.0
/*
 * fct_hook.c - redirect a function of nfsd to one of ours, or see who enters it
 *
 * A redirected call counts as under way from the ftrace callback, before the first instruction of the
 * replacement, to fct_hook_leave(): nothing of this module may go away before all have left.
 */
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>

#include "fct.h"

/* One CPU's share may be negative: a call can end on another CPU than it began on. */
static DEFINE_PER_CPU(long, under_way);

/**
 * fct_hook_leave - a redirected call is over; the replacement does nothing but return after it
 */
void fct_hook_leave(void)
{
	this_cpu_dec(under_way);
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
	unsigned long deadline = jiffies + timeout;

	synchronize_rcu();	/* a callback that still saw "wanted" has counted its call now */
	while (!is_drained()) {
		if (time_after(jiffies, deadline))
			return false;
		usleep_range(1000, 2000);
	}
	return true;
}

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_REGS

#ifdef FCT_HAVE_FTRACE_REGS
#define fct_regs	ftrace_regs
#define get_regs(regs)	ftrace_get_regs(regs)
#else
#define fct_regs	pt_regs
#define get_regs(regs)	(regs)
#endif

static int place(struct ftrace_ops *ops, void *function)
{
	int err = ftrace_set_filter_ip(ops, (unsigned long)function, 0, 0);

	if (err)
		return err;
	err = register_ftrace_function(ops);
	if (err)
		ftrace_set_filter_ip(ops, (unsigned long)function, 1, 0);
	return err;
}

static void unplace(struct ftrace_ops *ops, void *function)
{
	unregister_ftrace_function(ops);
	ftrace_set_filter_ip(ops, (unsigned long)function, 1, 0);
}

static void notrace redirect(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			     struct fct_regs *regs)
{
	struct fct_hook *hook = container_of(ops, struct fct_hook, ops);

	/* The replacement itself calls the function: that call is meant. */
	if (within_module(parent_ip, THIS_MODULE) || !hook->wants())
		return;
	this_cpu_inc(under_way);
	instruction_pointer_set(get_regs(regs), (unsigned long)hook->replacement);
}

/**
 * fct_hook_place - let calls of a function go to a hook's replacement; only while nothing runs
 * @hook: with replacement and wants set
 * @function: of nfsd
 *
 * Return: 0 or a negative errno, -EBUSY if someone else (a live patch) redirects it.
 */
int fct_hook_place(struct fct_hook *hook, void *function)
{
	int err;

	hook->ops.func = redirect;
	hook->ops.flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY;
	err = place(&hook->ops, function);
	if (!err)
		hook->function = function;
	return err;
}

/**
 * fct_hook_remove - undo fct_hook_place(), and wait until nobody is in the replacement
 * @hook: need not be placed
 *
 * Waits as long as it takes: a replacement's text must not go away under a thread that is in it.
 */
void fct_hook_remove(struct fct_hook *hook)
{
	if (!hook->function)
		return;
	unplace(&hook->ops, hook->function);
	hook->function = NULL;
	while (!fct_hook_drain(MAX_JIFFY_OFFSET))
		;
	synchronize_rcu_tasks();	/* those between fct_hook_leave() and the return */
}

static void notrace enter(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			  struct fct_regs *regs)
{
	struct fct_entry *entry = container_of(ops, struct fct_entry, ops);

	entry->entered(entry, regs_get_kernel_argument(get_regs(regs), 0));
}

/**
 * fct_entry_place - be called whenever a function is entered; only while nothing runs
 * @entry: with entered set
 * @function: of nfsd
 *
 * Return: 0 or a negative errno.
 */
int fct_entry_place(struct fct_entry *entry, void *function)
{
	int err;

	entry->ops.func = enter;
	entry->ops.flags = FTRACE_OPS_FL_SAVE_REGS;
	err = place(&entry->ops, function);
	if (!err)
		entry->function = function;
	return err;
}

/**
 * fct_entry_remove - undo fct_entry_place(), and wait until nobody is in it
 * @entry: need not be placed
 */
void fct_entry_remove(struct fct_entry *entry)
{
	if (!entry->function)
		return;
	unplace(&entry->ops, entry->function);
	entry->function = NULL;
}

#else /* CONFIG_DYNAMIC_FTRACE_WITH_REGS */

int fct_entry_place(struct fct_entry *entry, void *function)
{
	return -EOPNOTSUPP;
}

void fct_entry_remove(struct fct_entry *entry)
{
}

int fct_hook_place(struct fct_hook *hook, void *function)
{
	return -EOPNOTSUPP;
}

void fct_hook_remove(struct fct_hook *hook)
{
}

#endif
