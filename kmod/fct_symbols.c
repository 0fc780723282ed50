// SPDX-License-Identifier: GPL-2.0
/* fct_symbols.c - find nfsd, hold it, and find its functions, none of which is exported */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "fct.h"

#ifndef CONFIG_KALLSYMS
#error "fctorture finds nfsd's functions by their names: it needs CONFIG_KALLSYMS"
#endif

struct fct_nfsd fct_nfsd;

static struct module *nfsd_module;	/* NULL if nfsd is built in */

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {	/* at the place of their FCT_SYM_ bit */
	{ "nfsd_file_close_inode_sync", offsetof(struct fct_nfsd, close_inode_sync) },
	{ "nfsd_file_is_cached", offsetof(struct fct_nfsd, is_cached) },
	{ "nfsd_file_acquire", offsetof(struct fct_nfsd, acquire) },
	{ "nfsd_file_acquire_gc", offsetof(struct fct_nfsd, acquire_gc) },
	{ "nfsd_file_acquire_local", offsetof(struct fct_nfsd, acquire_local) },
	{ "nfsd_file_get", offsetof(struct fct_nfsd, get) },
	{ "nfsd_file_put", offsetof(struct fct_nfsd, put) },
	{ "nfsd_file_free", offsetof(struct fct_nfsd, free) },
	{ "nfsd_file_lru_scan", offsetof(struct fct_nfsd, lru_scan) },
	{ "nfsd_file_lru_count", offsetof(struct fct_nfsd, lru_count) },
	{ "nfsd_file_gc_worker", offsetof(struct fct_nfsd, gc_worker) },
	{ "nfsd_file_lease_notifier_call", offsetof(struct fct_nfsd, lease_notifier_call) },
	{ "nfsd_file_cache_purge", offsetof(struct fct_nfsd, cache_purge) },
	{ "nfsd_file_cache_init", offsetof(struct fct_nfsd, cache_init) },
	{ "nfsd_file_cache_shutdown", offsetof(struct fct_nfsd, cache_shutdown) },
	{ "nfsd_file_cache_shutdown_net", offsetof(struct fct_nfsd, cache_shutdown_net) },
	{ "fh_put", offsetof(struct fct_nfsd, fh_put) },
	{ "nfsd_mutex", offsetof(struct fct_nfsd, mutex) },
	{ "nfsd_file_flags", offsetof(struct fct_nfsd, flags) },
	{ "nfsd_file_hashtbl", offsetof(struct fct_nfsd, hashtbl) },
	{ "nfsd_file_lru_cb", offsetof(struct fct_nfsd, lru_cb) },
	{ "nfsd_file_gc_cb", offsetof(struct fct_nfsd, gc_cb) },
};

static void **address_of(unsigned int symbol)
{
	return (void *)&fct_nfsd + symbols[symbol].offset;
}

/* A symbol that nfsd only uses has no section. */
static void *find_in_table(const struct mod_kallsyms *table, const char *name)
{
	unsigned int i;

	for (i = 0; i < table->num_symtab; i++) {
		if (table->symtab[i].st_shndx != SHN_UNDEF &&
		    !strcmp(table->strtab + table->symtab[i].st_name, name))
			return (void *)table->symtab[i].st_value;
	}
	return NULL;
}

/*
 * kallsyms_lookup_name() and a kprobe search the whole kernel's symbols before those of a module, for
 * milliseconds and more on some kernels: a module's own table is read instead.
 */
static void *find_in_module(const struct module *module, const char *name)
{
	void *address;

	rcu_read_lock_sched();
	address = find_in_table(rcu_dereference_sched(module->kallsyms), name);
	rcu_read_unlock_sched();
	return address;
}

/**
 * fct_find_kernel_symbol - the address of a function of the kernel's, exported or not
 * @name: of it
 *
 * kallsyms_lookup_name() is no longer exported, but a kprobe that is never armed knows where it is.
 *
 * Return: NULL if there is none.
 */
void *fct_find_kernel_symbol(const char *name)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name", .flags = KPROBE_FLAG_DISABLED };

	if (register_kprobe(&probe))
		return NULL;
	unregister_kprobe(&probe);
	return (void *)((unsigned long (*)(const char *name))probe.addr)(name);
}

/**
 * fct_find_symbol - the address of a function or of data of nfsd, exported or not
 * @name: of it
 *
 * Return: NULL if there is none, or if the compiler has inlined it everywhere.
 */
void *fct_find_symbol(const char *name)
{
	return nfsd_module ? find_in_module(nfsd_module, name) : fct_find_kernel_symbol(name);
}

/* Called for each loaded module that has tracepoints, with the list of these modules locked. */
static int hold_nfsd(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct tp_module *tp_module = data;

	if (action != MODULE_STATE_COMING || nfsd_module || strcmp(tp_module->mod->name, "nfsd"))
		return NOTIFY_DONE;
	if (try_module_get(tp_module->mod))
		nfsd_module = tp_module->mod;
	return NOTIFY_DONE;
}

/* find_module() is no longer exported, but registering this notifier replays all loaded modules. */
static void find_nfsd_module(void)
{
	static struct notifier_block notifier = { .notifier_call = hold_nfsd };

	if (register_tracepoint_module_notifier(&notifier))
		return;
	unregister_tracepoint_module_notifier(&notifier);
}

/**
 * fct_nfsd_find - find nfsd's functions, and keep nfsd in memory until fct_nfsd_release()
 *
 * Return: 0, or -ENODEV if there is no nfsd in this kernel.
 */
int fct_nfsd_find(void)
{
	unsigned int i;

	find_nfsd_module();
	for (i = 0; i < ARRAY_SIZE(symbols); i++)
		*address_of(i) = fct_find_symbol(symbols[i].name);
	return nfsd_module || fct_nfsd.acquire ? 0 : -ENODEV;
}

/**
 * fct_nfsd_release - let nfsd go; somebody watches for that, and calls fct_nfsd_forget() then
 */
void fct_nfsd_release(void)
{
	module_put(nfsd_module);
}

/**
 * fct_nfsd_forget - nfsd goes; none of its functions may be called any more
 */
void fct_nfsd_forget(void)
{
	nfsd_module = NULL;
	memset(&fct_nfsd, 0, sizeof(fct_nfsd));
}

/**
 * fct_missing_symbol - name the first of some symbols that this nfsd lacks
 * @needs: FCT_SYM_* bits
 *
 * Return: its name, NULL if all are there.
 */
const char *fct_missing_symbol(unsigned long needs)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(symbols); i++) {
		if ((needs & BIT(i)) && !*address_of(i))
			return symbols[i].name;
	}
	return NULL;
}

static void visit_kernel_tracepoint(struct tracepoint *tp, void *visit)
{
	((void (*)(struct tracepoint *tp))visit)(tp);
}

/**
 * fct_visit_nfsd_tracepoints - visit the tracepoints of nfsd, or the kernel's if nfsd is built in
 * @visit: may sleep
 */
void fct_visit_nfsd_tracepoints(void (*visit)(struct tracepoint *tp))
{
	unsigned int i;

	if (!nfsd_module) {
		for_each_kernel_tracepoint(visit_kernel_tracepoint, visit);
		return;
	}
	for (i = 0; i < nfsd_module->num_tracepoints; i++)
		visit(tracepoint_ptr_deref(&nfsd_module->tracepoints_ptrs[i]));
}
