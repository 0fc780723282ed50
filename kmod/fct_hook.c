// SPDX-License-Identifier: GPL-2.0
/*
 * fct_hook.c - redirect functions of nfsd to ours, and see who enters others
 *
 * There is one ftrace_ops for all redirects and one for all entries: placing one patches kernel text and
 * waits for all CPUs and tasks, which takes seconds under emulation. So hooks and entries are added first,
 * and placed together.
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

/*
 * The first argument and the instruction pointer are all that is wanted. Where struct ftrace_regs has them
 * anyway (x86: the beginning of a struct pt_regs, partly filled), saving the other registers is left out.
 */
#if defined(FCT_HAVE_FTRACE_REGS) && defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && defined(CONFIG_X86_64)
#define fct_regs	ftrace_regs
#define get_regs(regs)	((struct pt_regs *)(regs))
#define SAVING		0
#elif defined(FCT_HAVE_FTRACE_REGS)
#define fct_regs	ftrace_regs
#define get_regs(regs)	ftrace_get_regs(regs)
#define SAVING		FTRACE_OPS_FL_SAVE_REGS
#else
#define fct_regs	pt_regs
#define get_regs(regs)	(regs)
#define SAVING		FTRACE_OPS_FL_SAVE_REGS
#endif

#define NR_SLOTS	64
#define FUNCTION_ALIGN	16

/* Functions of nfsd, found by the address that ftrace reports: theirs, or some bytes behind it. */
struct table {
	struct {
		unsigned long function;
		void *owner;
	} slots[NR_SLOTS];
	unsigned int count;
};

static unsigned int first_slot(unsigned long ip)
{
	return ip / FUNCTION_ALIGN % NR_SLOTS;
}

/* One slot stays empty, so that every search ends. */
static int table_set(struct table *table, void *function, void *owner)
{
	unsigned int slot = first_slot((unsigned long)function);

	while (table->slots[slot].function && table->slots[slot].function != (unsigned long)function)
		slot = (slot + 1) % NR_SLOTS;
	if (table->slots[slot].function) {
		table->slots[slot].owner = owner;
		return 0;
	}
	if (table->count == NR_SLOTS - 1)
		return -ENOSPC;
	table->slots[slot].function = (unsigned long)function;
	table->slots[slot].owner = owner;
	table->count++;
	return 0;
}

static void *notrace table_find(const struct table *table, unsigned long ip)
{
	unsigned int slot = first_slot(ip);

	while (table->slots[slot].function) {
		if (ip - table->slots[slot].function < FUNCTION_ALIGN)
			return table->slots[slot].owner;
		slot = (slot + 1) % NR_SLOTS;
	}
	return NULL;
}

static struct table hooks, entries;

static void notrace redirect(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			     struct fct_regs *regs)
{
	struct fct_hook *hook = table_find(&hooks, ip);

	/* The replacement itself calls the function: that call is meant. */
	if (!hook || within_module(parent_ip, THIS_MODULE) || !hook->wants())
		return;
	this_cpu_inc(under_way);
	instruction_pointer_set(get_regs(regs), (unsigned long)hook->replacement);
}

static void notrace enter(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			  struct fct_regs *regs)
{
	struct fct_entry *entry;

	/* An indirect call costs more than all the rest. */
	for (entry = table_find(&entries, ip); entry; entry = entry->next) {
		if (!entry->wanted || READ_ONCE(*entry->wanted))
			entry->entered(entry, regs_get_kernel_argument(get_regs(regs), 0));
	}
}

static struct ftrace_ops hook_ops = {
	.func	= redirect,
	.flags	= SAVING | FTRACE_OPS_FL_IPMODIFY,
};

static struct ftrace_ops entry_ops = {
	.func	= enter,
	.flags	= SAVING,
};

static int filter(struct ftrace_ops *ops, struct table *table, int remove)
{
	unsigned int slot;
	int err = 0;

	for (slot = 0; slot < NR_SLOTS && !err; slot++) {
		if (table->slots[slot].function)
			err = ftrace_set_filter_ip(ops, table->slots[slot].function, remove, 0);
	}
	return err;
}

static void unplace(struct ftrace_ops *ops, struct table *table)
{
	if (ops->flags & FTRACE_OPS_FL_ENABLED)
		unregister_ftrace_function(ops);
	filter(ops, table, 1);
}

/* An ops without a filter would be called for every function of the kernel. */
static int place(struct ftrace_ops *ops, struct table *table)
{
	int err = table->count ? filter(ops, table, 0) : 0;

	if (!err && table->count)
		err = register_ftrace_function(ops);
	if (err)
		unplace(ops, table);
	return err;
}

/**
 * fct_hook_add - let calls of a function go to a hook's replacement, from fct_hooks_place() on
 * @hook: with replacement and wants set
 * @function: of nfsd
 *
 * Return: 0, or -ENOSPC.
 */
int fct_hook_add(struct fct_hook *hook, void *function)
{
	return table_set(&hooks, function, hook);
}

/**
 * fct_entry_add - be called whenever a function is entered, from fct_hooks_place() on
 * @entry: with entered set; there may be others for the same function
 * @function: of nfsd
 *
 * Return: 0, or -ENOSPC.
 */
int fct_entry_add(struct fct_entry *entry, void *function)
{
	entry->next = table_find(&entries, (unsigned long)function);
	return table_set(&entries, function, entry);
}

/**
 * fct_hooks_place - place all that was added; only while nothing runs
 *
 * Return: 0 or a negative errno, -EBUSY if someone else (a live patch) redirects one of the functions.
 */
int fct_hooks_place(void)
{
	int err = place(&hook_ops, &hooks);

	if (err)
		return err;
	err = place(&entry_ops, &entries);
	if (err)
		unplace(&hook_ops, &hooks);
	return err;
}

/**
 * fct_hooks_remove - undo fct_hooks_place() and all that was added, and wait until nobody is in one of ours
 *
 * Waits as long as it takes: a replacement's text must not go away under a thread that is in it.
 */
void fct_hooks_remove(void)
{
	unplace(&entry_ops, &entries);
	unplace(&hook_ops, &hooks);
	memset(&entries, 0, sizeof(entries));
	memset(&hooks, 0, sizeof(hooks));
	fct_hook_drain(MAX_SCHEDULE_TIMEOUT);
	synchronize_rcu_tasks();	/* those between fct_hook_leave() and the return */
}

#else /* CONFIG_DYNAMIC_FTRACE_WITH_REGS */

int fct_hook_add(struct fct_hook *hook, void *function)
{
	return -EOPNOTSUPP;
}

int fct_entry_add(struct fct_entry *entry, void *function)
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
