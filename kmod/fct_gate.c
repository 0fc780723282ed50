// SPDX-License-Identifier: GPL-2.0
/*
 * fct_gate.c - operations of ours run only while nfsd's file cache is up
 *
 * nfsd takes its cache down when its last thread stops, and whoever touches it then touches freed memory:
 * nfsd's own callers are gone by that time, ours must be, too. So the functions that take it down are
 * redirected: they close a gate and wait until everyone is out, before the real one runs.
 *
 * A namespace's share goes first. Its nfsd threads have ended by then, and there must be no acquire any more;
 * but shrinker, laundrette and notifiers are still there, and have to be borne.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/wait.h>

#include "fct.h"

#define DRAIN_TIMEOUT	(10 * HZ)

static bool open[FCT_NR_GATES];

/* One CPU's share may be negative: who enters may leave on another CPU. */
static DEFINE_PER_CPU(long, inside[FCT_NR_GATES]);

static DECLARE_WAIT_QUEUE_HEAD(emptied);
static DECLARE_WAIT_QUEUE_HEAD(opened);

/**
 * fct_gate_enter - begin an operation on nfsd's file cache
 * @gate: that it has to pass
 *
 * Return: false if the gate is closed; nothing may be called then, fct_gate_leave() least of all.
 */
bool fct_gate_enter(enum fct_gate gate)
{
	bool entered;

	/* Whoever is turned away comes and goes on one CPU: a sum may be too large, never too small. */
	preempt_disable();
	this_cpu_inc(inside[gate]);
	smp_mb();	/* either the closer sees us, or we see that it has closed */
	entered = READ_ONCE(open[gate]);
	if (!entered)
		fct_gate_leave(gate);
	preempt_enable();
	return entered;
}

/**
 * fct_gate_leave - an operation is over
 * @gate: that it had passed
 */
void fct_gate_leave(enum fct_gate gate)
{
	this_cpu_dec(inside[gate]);
	if (wq_has_sleeper(&emptied))
		wake_up_all(&emptied);
}

/**
 * fct_gate_is_open - tell whether operations of a kind may run
 * @gate: that they have to pass; the one of the cache is open while nfsd's file cache is up
 */
bool fct_gate_is_open(enum fct_gate gate)
{
	return READ_ONCE(open[gate]);
}

/**
 * fct_gate_await - wait in a thread of ours until a gate is open, or the thread shall stop
 * @gate: to wait for
 */
void fct_gate_await(enum fct_gate gate)
{
	wait_event_interruptible(opened, fct_gate_is_open(gate) || kthread_should_stop());
}

static void open_gate(enum fct_gate gate)
{
	WRITE_ONCE(open[gate], true);
	wake_up_all(&opened);
}

static bool is_empty(enum fct_gate gate)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(inside[gate], cpu));
	return sum == 0;
}

/* A thread that died inside is waited for in vain. */
static void close_gate(enum fct_gate gate)
{
	WRITE_ONCE(open[gate], false);
	smp_mb();	/* pairs with fct_gate_enter() */
	if (!wait_event_timeout(emptied, is_empty(gate), DRAIN_TIMEOUT))
		pr_err("an operation does not end, nfsd's file cache goes down under it\n");
}

/**
 * fct_gates_close - let nobody in any more, and wait until everyone is out
 */
void fct_gates_close(void)
{
	close_gate(FCT_GATE_NET);
	close_gate(FCT_GATE_CACHE);
	fct_capture_drop_all();
}

static void open_gates(void)
{
	open_gate(FCT_GATE_CACHE);
	open_gate(FCT_GATE_NET);
}

static int cache_init(void)
{
	int err = fct_nfsd.cache_init();

	if (!err)
		open_gates();
	fct_hook_leave();
	return err;
}

static void cache_shutdown(void)
{
	fct_gates_close();
	fct_nfsd.cache_shutdown();
	fct_hook_leave();
}

/* One namespace's share goes; the cache stays up for others. */
static void cache_shutdown_net(struct net *net)
{
	bool was_open = fct_gate_is_open(FCT_GATE_NET);

	close_gate(FCT_GATE_NET);
	fct_capture_drop_all();
	fct_nfsd.cache_shutdown_net(net);
	if (was_open)
		open_gate(FCT_GATE_NET);
	fct_hook_leave();
}

static bool notrace always(void)
{
	return true;
}

static struct fct_hook init_hook = { .replacement = cache_init, .wants = always };
static struct fct_hook shutdown_hook = { .replacement = cache_shutdown, .wants = always };
static struct fct_hook shutdown_net_hook = { .replacement = cache_shutdown_net, .wants = always };

#define NFSD_FILE_CACHE_UP	0	/* bit of nfsd_file_flags, since 6.0 */

static bool is_up(void)
{
	if (fct_nfsd.flags)
		return test_bit(NFSD_FILE_CACHE_UP, fct_nfsd.flags);
	return READ_ONCE(*fct_nfsd.hashtbl);
}

static int add_hooks(void)
{
	return fct_hook_add(&init_hook, fct_nfsd.cache_init) ?:
	       fct_hook_add(&shutdown_hook, fct_nfsd.cache_shutdown) ?:
	       fct_hook_add(&shutdown_net_hook, fct_nfsd.cache_shutdown_net);
}

/**
 * fct_gate_place - redirect what takes nfsd's file cache up and down, and look whether it is up
 *
 * Return: 0; -EOPNOTSUPP if this kernel does not let us know; another error of fct_hook_add().
 */
int fct_gate_place(void)
{
	const char *missing = fct_missing_symbol(FCT_SYM_CACHE_INIT | FCT_SYM_CACHE_SHUTDOWN |
						 FCT_SYM_CACHE_SHUTDOWN_NET);
	int err;

	if (!missing && !fct_nfsd.flags && !fct_nfsd.hashtbl)
		missing = "nfsd_file_flags";
	if (missing) {
		pr_err("cannot see nfsd stop: symbol %s not found\n", missing);
		return -EOPNOTSUPP;
	}
	err = add_hooks();
	if (err)
		return err;
	if (is_up())
		open_gates();
	return 0;
}
