// SPDX-License-Identifier: GPL-2.0
/*
 * fct_busted.c - the positive control: misuse nfsd's file cache on purpose
 *
 * A detector that has never been seen to fire proves nothing. These misdeeds are real: nfsd's own object
 * is damaged, and the guest may die of it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "fct.h"

static char *busted = "";
fct_param(charp, busted, busted, "Damage: extra_put, free_held, leak, double_lru, stuck_lru, missed_close");

static unsigned int busted_every = 500;
fct_param(uint, busted_every, busted_every, "One misdeed per this many useful acquires (default 500)");

struct variant {
	const char *name;
	unsigned long needs;
	void (*misbehave)(struct nfsd_file *nf);
};

/* One put too many, of the reference that nfsd is going to use and put itself. */
static void extra_put(struct nfsd_file *nf)
{
	fct_nfsd.put(nf);
}

/* A free of what nfsd holds and is going to use. */
static void free_held(struct nfsd_file *nf)
{
	fct_nfsd.free(nf);
}

/* A reference that nobody will ever drop. */
static void leak(struct nfsd_file *nf)
{
	((struct nfsd_file *(*)(struct nfsd_file *nf))fct_nfsd.get)(nf);
}

/* The entry forgets that it is on the LRU, and is added again: the list is damaged. */
static void double_lru(struct nfsd_file *nf)
{
	if (fct_nf_lru(nf))
		INIT_LIST_HEAD(fct_nf_lru(nf));
}

/* These two happen elsewhere: what is done there is left out. */
static void leave_out(struct nfsd_file *nf)
{
}

static const struct variant variants[] = {
	{ "extra_put", FCT_SYM_PUT, extra_put },
	{ "free_held", FCT_SYM_FREE, free_held },
	{ "leak", FCT_SYM_GET, leak },
	{ "double_lru", 0, double_lru },
	{ "stuck_lru", FCT_SYM_LRU_REMOVE, leave_out },
	{ "missed_close", FCT_SYM_CLOSE_INODE_SYNC, leave_out },
};

static const struct variant *chosen;	/* NULL: behave */
static atomic_t turns = ATOMIC_INIT(0);

static bool is_turn(void)
{
	if ((unsigned int)atomic_inc_return(&turns) % busted_every)
		return false;
	fct_count_busted();
	return true;
}

static bool is_chosen(const char *name)
{
	return chosen && !strcmp(chosen->name, name);
}

/* stuck_lru: an entry that should leave the LRU does not. */
static bool lru_remove_nothing(struct nfsd_file *nf)
{
	fct_hook_leave();
	return false;
}

static bool notrace wants_stuck_lru(void)
{
	return READ_ONCE(fct_active) && is_turn();
}

static struct fct_hook lru_remove_hook = { .replacement = lru_remove_nothing, .wants = wants_stuck_lru };

/**
 * fct_busted_misses_close - whether a close is to be left out: nfsd does not hear of it
 */
bool fct_busted_misses_close(void)
{
	return is_chosen("missed_close") && is_turn();
}

static const struct variant *find_variant(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		if (!strcmp(variants[i].name, name))
			return &variants[i];
	}
	return NULL;
}

/**
 * fct_busted_place - judge the parameter busted=, after the stressors were placed
 *
 * Return: 0; -EINVAL for an unknown variant or busted_every=0; -EOPNOTSUPP if this kernel cannot have it.
 */
int fct_busted_place(void)
{
	const struct variant *variant = find_variant(busted);

	if (!*busted) {
		fct_capability_refuse(FCT_CAP_BUSTED, "not asked for with busted=");
		return 0;
	}
	if (!variant || busted_every == 0) {
		pr_err("busted=%s busted_every=%u: not known\n", busted, busted_every);
		return -EINVAL;
	}
	if (!fct_can(FCT_CAP_ACQUIRE) || fct_missing_symbol(variant->needs) ||
	    (variant->misbehave == double_lru && fct_off.lru < 0)) {
		pr_err("busted=%s cannot be had on this kernel\n", busted);
		return -EOPNOTSUPP;
	}
	if (!strcmp(busted, "stuck_lru")) {
		int err = fct_hook_add(&lru_remove_hook, fct_nfsd.lru_remove);

		if (err)
			return err;
	}
	chosen = variant;
	fct_capability_grant(FCT_CAP_BUSTED);
	pr_alert("BUSTED ON PURPOSE (%s): this kernel will misbehave, and it is not nfsd's fault\n", busted);
	return 0;
}

/**
 * fct_busted_remove - behave, nfsd goes
 */
void fct_busted_remove(void)
{
	chosen = NULL;
}

/**
 * fct_busted_misbehave - the chosen misdeed, if it is its turn
 * @nf: held by nfsd, which is about to use it
 *
 * Only garbage-collected entries where these can be told: losing a reference they go on to the LRU, and
 * the guest lives long enough to tell; any other entry is freed under nfsd at once.
 */
void fct_busted_misbehave(struct nfsd_file *nf)
{
	if (!chosen || chosen->misbehave == leave_out || !fct_nf_is_gc(nf))
		return;
	if (is_turn())
		chosen->misbehave(nf);
}

/**
 * fct_busted_name - the variant that is on
 *
 * Return: its name, "none" if the module behaves.
 */
const char *fct_busted_name(void)
{
	return chosen ? chosen->name : "none";
}
