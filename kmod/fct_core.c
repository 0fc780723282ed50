// SPDX-License-Identifier: GPL-2.0
/*
 * fct_core.c - load and unload, of this module and of nfsd under it
 *
 * Everything that patches kernel text (the ftrace redirects, the probes on nfsd's tracepoints) is placed
 * here, while nothing runs: switching it under load has frozen guests under software emulation. What
 * happens later is decided by variables.
 *
 * nfsd.ko may go and come while we stay: we let go of it when it goes, and take hold of it when it comes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/string.h>
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
	[FCT_SYNTHETIC]	= &fct_synthetic,
	[FCT_LOCAL]	= &fct_local,
	[FCT_LEASE]	= &fct_lease,
	[FCT_FSNOTIFY]	= &fct_fsnotify,
	[FCT_PURGE]	= &fct_purge,
	[FCT_RENDEZVOUS] = &fct_rendezvous,
};

unsigned long fct_loaded_at;

/*
 * A function whose address nfsd never takes had its ENDBR sealed: with indirect branch tracking on, calling
 * it by its address would be a fault in the kernel.
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
	if (err == -ENODATA)
		fct_capability_refuse(BIT_ULL(stressor->id), "the layout of struct svc_fh is not known");
	else if (err)
		fct_capability_refuse(BIT_ULL(stressor->id), "cannot be placed: error %d", err);
	else
		fct_capability_grant(BIT_ULL(stressor->id));
}

static DEFINE_MUTEX(attach_lock);
static bool attached;

/* Lets go of nfsd; each part knows whether it stands. */
static void detach(void)
{
	fct_run_stop(FCT_ANYONE);
	fct_gates_close();
	fct_hooks_remove();
	fct_inject_remove();
	fct_busted_remove();
	fct_observe_remove();
	fct_capability_refuse_all("nfsd is not loaded");
	fct_nfsd_forget();
	attached = false;
}

static int place_parts(void)
{
	int err, i;

	err = fct_gate_place();
	if (err)
		return err;
	for (i = 0; i < FCT_NR_STRESSORS; i++)
		place_stressor(fct_stressors[i]);
	return fct_inject_place() ?: fct_observe_place() ?: fct_files_place() ?: fct_busted_place() ?:
	       fct_hooks_place();
}

/* Takes hold of nfsd. */
static int attach(void)
{
	int err = fct_nfsd_find();

	if (err)
		return err;
	err = place_parts();
	fct_nfsd_release();
	if (err) {
		pr_err("cannot take hold of nfsd: error %d\n", err);
		detach();
	} else {
		attached = true;
	}
	return err;
}

static bool is_nfsd(const struct module *module)
{
	return !strcmp(module->name, "nfsd");
}

static int nfsd_changes(struct notifier_block *nb, unsigned long state, void *module)
{
	if (!is_nfsd(module))
		return NOTIFY_DONE;
	mutex_lock(&attach_lock);
	if (state == MODULE_STATE_LIVE && !attached && attach())
		pr_err("nfsd is back, but cannot be tortured\n");
	if (state == MODULE_STATE_GOING && attached)
		detach();
	mutex_unlock(&attach_lock);
	return NOTIFY_DONE;
}

/* Before the kernel complains of probes that are left on a module's tracepoints. */
static struct notifier_block notifier = { .notifier_call = nfsd_changes, .priority = 1 };

static int attach_first(void)
{
	int err;

	mutex_lock(&attach_lock);
	err = attach();
	mutex_unlock(&attach_lock);
	if (err == -ENODEV)
		pr_err("nfsd is not loaded: modprobe nfsd\n");
	return err;
}

static void fct_unwind(void)
{
	unregister_module_notifier(&notifier);
	fct_device_remove();
	fct_debugfs_remove();
	if (attached)
		detach();
	fct_targets_drop_all();
}

static int __init fct_init(void)
{
	int firsterr;

	fct_loaded_at = jiffies;
	firsterr = refuse_ibt();
	if (firsterr)
		return firsterr;
	firsterr = register_module_notifier(&notifier);
	if (firsterr)
		return firsterr;
	firsterr = attach_first();
	if (firsterr)
		goto unwind;
#ifdef TAINT_TEST	/* since 6.0 */
	add_taint(TAINT_TEST, LOCKDEP_STILL_OK);
#endif
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
