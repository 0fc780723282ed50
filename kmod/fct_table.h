/* SPDX-License-Identifier: GPL-2.0 */
/* fct_table.h - functions of nfsd that ftrace reports to us, and how a callback reads its registers */
#ifndef FCT_TABLE_H
#define FCT_TABLE_H

#include <linux/ftrace.h>
#include <linux/ptrace.h>

/*
 * The first argument and the instruction pointer are all that is wanted. Where struct ftrace_regs has them
 * anyway (x86: the beginning of a struct pt_regs, partly filled), saving the other registers is left out.
 */
#if defined(FCT_HAVE_FTRACE_REGS) && defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && defined(CONFIG_X86_64)
#define fct_regs		ftrace_regs
#define fct_get_regs(regs)	((struct pt_regs *)(regs))
#define FCT_SAVING		0
#elif defined(FCT_HAVE_FTRACE_REGS)
#define fct_regs		ftrace_regs
#define fct_get_regs(regs)	ftrace_get_regs(regs)
#define FCT_SAVING		FTRACE_OPS_FL_SAVE_REGS
#else
#define fct_regs		pt_regs
#define fct_get_regs(regs)	(regs)
#define FCT_SAVING		FTRACE_OPS_FL_SAVE_REGS
#endif

#define FCT_NR_SLOTS		64
#define FCT_FUNCTION_ALIGN	16

/* Functions, found by the address that ftrace reports: theirs, or some bytes behind it. */
struct fct_table {
	struct {
		unsigned long function;
		void *owner;
	} slots[FCT_NR_SLOTS];
	unsigned int count;
};

int fct_table_set(struct fct_table *table, unsigned long function, void *owner);
void *fct_table_find(const struct fct_table *table, unsigned long ip);
int fct_table_filter(const struct fct_table *table, struct ftrace_ops *ops, int remove);
int fct_table_place(const struct fct_table *table, struct ftrace_ops *ops);
void fct_table_unplace(const struct fct_table *table, struct ftrace_ops *ops);

/* fct_direct.c: entries at next to no cost */

int fct_direct_place(const struct fct_table *table);
void fct_direct_unplace(const struct fct_table *table);
void fct_direct_call(void);
void fct_direct_entered(unsigned long ip, unsigned long first, unsigned long second);

#endif /* FCT_TABLE_H */
