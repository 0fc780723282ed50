// SPDX-License-Identifier: GPL-2.0
/*
 * fct_core.c - load and unload
 *
 * Everything that patches kernel text (the ftrace redirects, the probes on nfsd's tracepoints) is placed
 * here, while nothing runs: switching it under load has frozen guests under software emulation. What
 * happens later is decided by variables.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/printk.h>
#ifdef CONFIG_X86
#include <asm/cpufeature.h>
#endif

#include "fct.h"

#define CREATE_TRACE_POINTS
#include "fct_trace.h"

const struct fct_stressor *const fct_stressors[FCT_NR_STRESSORS] = {
	[FCT_CLOSE]	= &fct_close,
	[FCT_ACQUIRE]	= &fct_acquire,
	[FCT_SHRINK]	= &fct_shrink,
	[FCT_GC]	= &fct_gc,
};

unsigned long fct_loaded_at;

/*
 * A kprobe's address is past the function's ENDBR, and a function whose address nfsd never takes had its
 * ENDBR sealed: with indirect branch tracking on, calling either would be a fault in the kernel.
 */
static int refuse_ibt(void)
{
#ifdef CONFIG_X86_KERNEL_IBT
	if (cpu_feature_enabled(X86_FEATURE_IBT)) {
		pr_err("indirect branch tracking forbids calls by address: boot with ibt=off\n");
		return -EOPNOTSUPP;
	}
#endif
	return 0;
}

static void place_stressor(const struct fct_stressor *stressor)
{
	const char *missing = fct_missing_symbol(stressor->needs);
	int err = 0;

	if (missing) {
		fct_capability_refuse(BIT_ULL(stressor->id), "symbol %s not found", missing);
		return;
	}
	if (stressor->place)
		err = stressor->place();
	if (err)
		fct_capability_refuse(BIT_ULL(stressor->id), "cannot be placed: error %d", err);
	else
		fct_capability_grant(BIT_ULL(stressor->id));
}

static void remove_stressor(const struct fct_stressor *stressor)
{
	if (stressor->remove)
		stressor->remove();
}

/* Undoes whatever fct_init() has got to; each part knows whether it stands. */
static void fct_unwind(void)
{
	int i;

	fct_device_remove();
	fct_debugfs_remove();
	fct_run_stop(FCT_ANYONE);
	fct_observe_remove();
	for (i = FCT_NR_STRESSORS; i-- > 0;)
		remove_stressor(fct_stressors[i]);
	fct_targets_drop_all();
	fct_nfsd_put();
}

static int __init fct_init(void)
{
	int firsterr;
	int i;

	fct_loaded_at = jiffies;
	firsterr = refuse_ibt();
	if (firsterr)
		return firsterr;
	firsterr = fct_nfsd_get();
	if (firsterr)
		return firsterr;
#ifdef TAINT_TEST	/* since 6.0 */
	add_taint(TAINT_TEST, LOCKDEP_STILL_OK);
#endif
	for (i = 0; i < FCT_NR_STRESSORS; i++)
		place_stressor(fct_stressors[i]);
	firsterr = fct_observe_place();
	if (firsterr)
		goto unwind;
	firsterr = fct_busted_check();
	if (firsterr)
		goto unwind;
	fct_debugfs_create();
	firsterr = fct_device_create();
	if (firsterr)
		goto unwind;
	pr_info("loaded, abi %d, capabilities 0x%llx\n", FCT_ABI_VERSION, fct_capabilities());
	return 0;

unwind:
	fct_unwind();
	return firsterr;
}

static void __exit fct_exit(void)
{
	fct_unwind();
	pr_info("unloaded\n");
}

module_init(fct_init);
module_exit(fct_exit);

MODULE_DESCRIPTION("Torture test of the NFS server's open-file cache");
MODULE_LICENSE("GPL");
