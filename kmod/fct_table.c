// SPDX-License-Identifier: GPL-2.0
/* fct_table.c - the functions of nfsd that one ftrace_ops is for, and whose they are */
#include <linux/errno.h>

#include "fct.h"
#include "fct_table.h"

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_REGS

static unsigned int first_slot(unsigned long ip)
{
	return ip / FCT_FUNCTION_ALIGN % FCT_NR_SLOTS;
}

/**
 * fct_table_set - note whose a function is
 * @table: that nobody searches yet
 * @function: of nfsd
 * @owner: of it from now on, not NULL
 *
 * Return: 0, or -ENOSPC.
 */
int fct_table_set(struct fct_table *table, unsigned long function, void *owner)
{
	unsigned int slot = first_slot(function);

	while (table->slots[slot].function && table->slots[slot].function != function)
		slot = (slot + 1) % FCT_NR_SLOTS;
	if (!table->slots[slot].function) {
		/* One slot stays empty, so that every search ends. */
		if (table->count == FCT_NR_SLOTS - 1)
			return -ENOSPC;
		table->slots[slot].function = function;
		table->count++;
	}
	table->slots[slot].owner = owner;
	return 0;
}

/**
 * fct_table_find - whose function this is
 * @table: of functions
 * @ip: an address at the function's beginning
 *
 * Return: NULL if it is nobody's.
 */
void notrace *fct_table_find(const struct fct_table *table, unsigned long ip)
{
	unsigned int slot = first_slot(ip);

	while (table->slots[slot].function) {
		if (ip - table->slots[slot].function < FCT_FUNCTION_ALIGN)
			return table->slots[slot].owner;
		slot = (slot + 1) % FCT_NR_SLOTS;
	}
	return NULL;
}

/**
 * fct_table_filter - let an ftrace_ops be for these functions, or for none of them
 * @table: of functions
 * @ops: not registered
 * @remove: as ftrace_set_filter_ip() has it
 *
 * Return: 0 or a negative errno.
 */
int fct_table_filter(const struct fct_table *table, struct ftrace_ops *ops, int remove)
{
	unsigned int slot;
	int err = 0;

	for (slot = 0; slot < FCT_NR_SLOTS && !err; slot++) {
		if (table->slots[slot].function)
			err = ftrace_set_filter_ip(ops, table->slots[slot].function, remove, 0);
	}
	return err;
}

/**
 * fct_table_unplace - undo fct_table_place()
 * @table: that was placed
 * @ops: with which
 */
void fct_table_unplace(const struct fct_table *table, struct ftrace_ops *ops)
{
	if (ops->flags & FTRACE_OPS_FL_ENABLED)
		unregister_ftrace_function(ops);
	fct_table_filter(table, ops, 1);
}

/**
 * fct_table_place - have an ftrace_ops called at these functions
 * @table: of functions
 * @ops: not registered
 *
 * Return: 0 or a negative errno.
 */
int fct_table_place(const struct fct_table *table, struct ftrace_ops *ops)
{
	int err;

	/* An ops without a filter would be called for every function of the kernel. */
	if (!table->count)
		return 0;
	err = fct_table_filter(table, ops, 0) ?: register_ftrace_function(ops);
	if (err)
		fct_table_unplace(table, ops);
	return err;
}

#endif /* CONFIG_DYNAMIC_FTRACE_WITH_REGS */
