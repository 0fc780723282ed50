// SPDX-License-Identifier: GPL-2.0
/*
 * fct_lru.c - injection points where nfsd goes to the lock of its LRU
 *
 * nfsd's own functions around list_lru_add() and list_lru_del() are inlined on most kernels, and what they
 * have looked at before (is the entry hashed? who holds it?) may change until the lock is had. Everybody's
 * LRUs come by here: nfsd's is told by its address.
 */
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "fct.h"
#include "fct_table.h"

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_REGS

static const struct list_lru *lru;	/* nfsd's */
static struct fct_table functions;	/* whose owner is the rate of the point */

/* The caller holds the entry. */
static const void *notrace inode_of(unsigned long item)
{
	return fct_off.lru < 0 ? NULL : fct_nf_inode((const void *)item - fct_off.lru);
}

static void notrace enter(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			  struct fct_regs *fregs)
{
	const unsigned int *rate = fct_table_find(&functions, ip);
	struct pt_regs *regs = fct_get_regs(fregs);

	if (rate && READ_ONCE(*rate) && regs_get_kernel_argument(regs, 0) == (unsigned long)lru)
		fct_inject(rate - fct_inject_rates, inode_of(regs_get_kernel_argument(regs, 1)));
}

static struct ftrace_ops ops = {
	.func	= enter,
	.flags	= FCT_SAVING,
};

/* Since 6.8 what nfsd calls ends with _obj, and the plain function has two arguments more. */
static void *find(const char *with_obj, const char *plain)
{
	return fct_find_kernel_symbol(with_obj) ?: fct_find_kernel_symbol(plain);
}

/**
 * fct_lru_place - have fct_inject() called at FCT_POINT_LRU (adds) and the one after it (removes)
 *
 * Return: 0; -ENOENT if something is not found; another negative errno.
 */
int fct_lru_place(void)
{
	void *add = find("list_lru_add_obj", "list_lru_add");
	void *del = find("list_lru_del_obj", "list_lru_del");

	lru = fct_find_symbol("nfsd_file_lru");
	if (!lru || !add || !del)
		return -ENOENT;
	memset(&functions, 0, sizeof(functions));
	return fct_table_set(&functions, (unsigned long)add, &fct_inject_rates[FCT_POINT_LRU]) ?:
	       fct_table_set(&functions, (unsigned long)del, &fct_inject_rates[FCT_POINT_LRU + 1]) ?:
	       fct_table_place(&functions, &ops);
}

/**
 * fct_lru_remove - undo fct_lru_place(), and wait until nobody is in the callback
 */
void fct_lru_remove(void)
{
	fct_table_unplace(&functions, &ops);
	memset(&functions, 0, sizeof(functions));
}

#else /* CONFIG_DYNAMIC_FTRACE_WITH_REGS */

int fct_lru_place(void)
{
	return -ENOENT;
}

void fct_lru_remove(void)
{
}

#endif
