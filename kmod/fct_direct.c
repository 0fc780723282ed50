// SPDX-License-Identifier: GPL-2.0
/*
 * fct_direct.c - functions of nfsd call our own trampoline when they are entered
 *
 * ftrace can put a call of any code in the place of a function's call of __fentry__. Ours, fct_direct_call(),
 * looks for a word that says whether anybody wants to know, and returns if that is 0: a dozen instructions,
 * where the usual way of ftrace saves registers and searches. All functions have the same trampoline: one
 * for each would be a registration for each, and each of these patches text.
 */
#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/linkage.h>
#include <linux/string.h>
#include <linux/stringify.h>
#ifdef CONFIG_X86_64
#include <asm/frame.h>
#endif

#include "fct.h"
#include "fct_table.h"

#if (defined(FCT_HAVE_DIRECT_MULTI) || defined(FCT_HAVE_DIRECT_OPS)) && \
	defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS) && defined(CONFIG_X86_64)

#define NR_WORDS	1024

/*
 * Indexed by the function's address: within NR_WORDS * FCT_FUNCTION_ALIGN bytes of text, more than all
 * of filecache.c, no two functions share one.
 */
static const unsigned int *fct_direct_wanted[NR_WORDS] __used;	/* by the assembly */

/*
 * %rax and the registers of arguments are the function's, %r10 and %r11 are nobody's: no call keeps them.
 * 16 is FCT_FUNCTION_ALIGN, 8 the size of an address.
 */
asm (
"	.pushsection	.text, \"ax\", @progbits\n"
"	.balign		16\n"
"	.type		fct_direct_call, @function\n"
"	.globl		fct_direct_call\n"
"fct_direct_call:\n"
	ASM_ENDBR
"	movl	(%rsp), %r11d\n"
"	shrl	$1, %r11d\n"		/* / 16 * 8 */
"	andl	$(8 * (" __stringify(NR_WORDS) " - 1)), %r11d\n"
"	movq	fct_direct_wanted(%r11), %r11\n"
"	cmpl	$0, (%r11)\n"
"	jne	1f\n"
	ASM_RET
"1:\n"
"	cmpl	$-1, (%r11)\n"		/* BOTH */
"	jne	2f\n"
"	movq	8(%r11), %r10\n"
"	cmpl	$0, (%r10)\n"
"	jne	2f\n"
"	movq	16(%r11), %r10\n"
"	cmpl	$0, (%r10)\n"
"	jne	2f\n"
	ASM_RET
"2:\n"
	FRAME_BEGIN
"	pushq	%rax\n"
"	pushq	%rdi\n"
"	pushq	%rsi\n"
"	pushq	%rdx\n"
"	pushq	%rcx\n"
"	pushq	%r8\n"
"	pushq	%r9\n"
"	movq	%rsi, %rdx\n"
"	movq	%rdi, %rsi\n"
"	movq	(8 * 7 + " __stringify(FRAME_OFFSET) ")(%rsp), %rdi\n"
"	call	fct_direct_entered\n"
"	popq	%r9\n"
"	popq	%r8\n"
"	popq	%rcx\n"
"	popq	%rdx\n"
"	popq	%rsi\n"
"	popq	%rdi\n"
"	popq	%rax\n"
	FRAME_END
	ASM_RET
"	.size		fct_direct_call, . - fct_direct_call\n"
"	.popsection\n"
);

static const unsigned int always = 1;	/* look closer: there are many entries, or a shared word */

#define BOTH	U32_MAX		/* neither a rate nor a flag */

/* A function with two entries. */
static struct two_words {
	unsigned long both;		/* its low half is looked at */
	const unsigned int *one;
	const unsigned int *other;
} pairs[FCT_NR_SLOTS];
static unsigned int nr_pairs;

static struct ftrace_ops ops;

static const unsigned int *wanted_by_two(const struct fct_entry *entry, const struct fct_entry *next)
{
	struct two_words *pair = &pairs[nr_pairs++];

	*pair = (struct two_words) { .both = BOTH, .one = entry->wanted, .other = next->wanted };
	return (const unsigned int *)&pair->both;
}

static const unsigned int *wanted_by(const struct fct_entry *entry)
{
	const struct fct_entry *next = entry->next;

	if (!entry->wanted || (next && (!next->wanted || next->next)))
		return &always;
	return next ? wanted_by_two(entry, next) : entry->wanted;
}

static void note_wanted(unsigned long function, const struct fct_entry *entry)
{
	const unsigned int **wanted = &fct_direct_wanted[function / FCT_FUNCTION_ALIGN % NR_WORDS];

	*wanted = *wanted ? &always : wanted_by(entry);
}

#ifdef FCT_HAVE_DIRECT_MULTI
#define register_direct(ops, call)	register_ftrace_direct_multi(ops, call)
#define unregister_direct(ops, call)	unregister_ftrace_direct_multi(ops, call)
#else
#define register_direct(ops, call)	register_ftrace_direct(ops, call)
#define unregister_direct(ops, call)	unregister_ftrace_direct(ops, call, false)
#endif

/**
 * fct_direct_place - let functions call fct_direct_entered() when they are entered and that is wanted
 * @table: of functions and their first struct fct_entry
 *
 * Return: 0; -EOPNOTSUPP if this kernel cannot; another errno, such as -EBUSY if someone else (a BPF program)
 * has a direct call in one of these functions.
 */
int fct_direct_place(const struct fct_table *table)
{
	unsigned int slot;
	int err;

	if (!table->count)
		return 0;
	memset(fct_direct_wanted, 0, sizeof(fct_direct_wanted));
	nr_pairs = 0;
	for (slot = 0; slot < FCT_NR_SLOTS; slot++) {
		if (table->slots[slot].function)
			note_wanted(table->slots[slot].function, table->slots[slot].owner);
	}
	err = fct_table_filter(table, &ops, 0) ?: register_direct(&ops, (unsigned long)fct_direct_call);
	if (err)
		fct_table_filter(table, &ops, 1);
	return err;
}

/**
 * fct_direct_unplace - undo fct_direct_place(); somebody waits afterwards until nobody is in one of ours
 * @table: that was placed
 */
void fct_direct_unplace(const struct fct_table *table)
{
	if (ops.flags & FTRACE_OPS_FL_ENABLED)
		unregister_direct(&ops, (unsigned long)fct_direct_call);
	fct_table_filter(table, &ops, 1);
}

#else

int fct_direct_place(const struct fct_table *table)
{
	return -EOPNOTSUPP;
}

void fct_direct_unplace(const struct fct_table *table)
{
}

#endif
