// SPDX-License-Identifier: GPL-2.0
/*
 * fct_entry.c - see who enters functions of nfsd, and some that it calls
 *
 * By direct calls where these can be had. The rest goes ftrace's usual way, at two to five times the cost:
 * functions that are redirected as well, and all of them if the kernel cannot do it (before 5.16), or if
 * someone else has a direct call in one of them.
 */
#include <linux/ftrace.h>
#include <linux/string.h>

#include "fct.h"
#include "fct_table.h"

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_REGS

static struct fct_table entries;	/* all that were added */
static struct fct_table direct, traced;	/* these, by how they were placed */

static __always_inline void visit(struct fct_entry *entry, unsigned long first, unsigned long second)
{
	/* An indirect call costs more than all the rest. */
	for (; entry; entry = entry->next) {
		if (!entry->wanted || READ_ONCE(*entry->wanted))
			entry->entered(entry, first, second);
	}
}

static void notrace enter(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			  struct fct_regs *fregs)
{
	struct pt_regs *regs = fct_get_regs(fregs);

	visit(fct_table_find(&traced, ip), regs_get_kernel_argument(regs, 0),
	      regs_get_kernel_argument(regs, 1));
}

/**
 * fct_direct_entered - called by fct_direct_call() if the entry may be wanted
 * @ip: an address at the function's beginning
 * @first: argument of the function
 * @second: argument of the function
 */
void notrace fct_direct_entered(unsigned long ip, unsigned long first, unsigned long second)
{
	visit(fct_table_find(&direct, ip), first, second);
}

static struct ftrace_ops entry_ops = {
	.func	= enter,
	.flags	= FCT_SAVING,
};

/**
 * fct_entry_add - be called whenever a function is entered, from fct_hooks_place() on
 * @entry: with entered set; there may be others for the same function
 * @function: of nfsd or of the kernel
 *
 * Return: 0, or -ENOSPC.
 */
int fct_entry_add(struct fct_entry *entry, void *function)
{
	entry->next = fct_table_find(&entries, (unsigned long)function);
	return fct_table_set(&entries, (unsigned long)function, entry);
}

/* The trampoline finds its word by where a function begins; a compiler need not align it (KASAN). */
static bool can_be_direct(unsigned long function)
{
	return function % FCT_FUNCTION_ALIGN == 0 && !fct_is_hooked(function);
}

/* Neither table is larger than the one of all. */
static void sort_entries(bool want_direct)
{
	unsigned int slot;

	memset(&direct, 0, sizeof(direct));
	memset(&traced, 0, sizeof(traced));
	for (slot = 0; slot < FCT_NR_SLOTS; slot++) {
		unsigned long function = entries.slots[slot].function;

		if (function)
			fct_table_set(want_direct && can_be_direct(function) ? &direct : &traced, function,
				      entries.slots[slot].owner);
	}
}

/**
 * fct_entries_place - place all that was added; the hooks are placed
 *
 * Return: 0 or a negative errno.
 */
int fct_entries_place(void)
{
	int err;

	sort_entries(true);
	if (fct_direct_place(&direct))
		sort_entries(false);
	err = fct_table_place(&traced, &entry_ops);
	if (err)
		fct_direct_unplace(&direct);
	return err;
}

/**
 * fct_entries_unplace - undo fct_entries_place(); somebody waits afterwards until nobody is in one of ours
 */
void fct_entries_unplace(void)
{
	fct_table_unplace(&traced, &entry_ops);
	fct_direct_unplace(&direct);
}

/**
 * fct_entries_forget - undo all fct_entry_add()
 */
void fct_entries_forget(void)
{
	memset(&entries, 0, sizeof(entries));
	sort_entries(false);
}

#else /* CONFIG_DYNAMIC_FTRACE_WITH_REGS */

int fct_entry_add(struct fct_entry *entry, void *function)
{
	return -EOPNOTSUPP;
}

#endif
