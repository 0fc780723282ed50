// SPDX-License-Identifier: GPL-2.0
/*
 * fct_lru.c - injection points where nfsd goes to the lock of its LRU
 *
 * nfsd's own functions around list_lru_add() and list_lru_del() are inlined on most kernels, and what they
 * have looked at before (is the entry hashed? who holds it?) may change until the lock is had. Everybody's
 * LRUs come by here: nfsd's is told by its address.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "fct.h"

static unsigned long nfsd_lru;

static void notrace lru_changes(struct fct_entry *entry, unsigned long lru, unsigned long item);

static struct fct_entry entries[] = {
	{ .entered = lru_changes, .wanted = &fct_inject_rates[FCT_POINT_LRU] },
	{ .entered = lru_changes, .wanted = &fct_inject_rates[FCT_POINT_LRU + 1] },
};

/* The caller holds the struct nfsd_file. */
static const void *notrace inode_of(unsigned long item)
{
	return fct_off.lru < 0 ? NULL : fct_nf_inode((const void *)item - fct_off.lru);
}

static void notrace lru_changes(struct fct_entry *entry, unsigned long lru, unsigned long item)
{
	if (lru == nfsd_lru)
		fct_inject(FCT_POINT_LRU + (entry - entries), inode_of(item));
}

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

	nfsd_lru = (unsigned long)fct_find_symbol("nfsd_file_lru");
	if (!nfsd_lru || !add || !del)
		return -ENOENT;
	return fct_entry_add(&entries[0], add) ?: fct_entry_add(&entries[1], del);
}
