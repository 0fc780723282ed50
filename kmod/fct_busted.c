// SPDX-License-Identifier: GPL-2.0
/*
 * fct_busted.c - the positive control: misuse nfsd's file cache on purpose
 *
 * A detector that has never been seen to fire proves nothing. These misdeeds are real: nfsd's own object
 * is damaged, and the guest may die of it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/list_lru.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "fct.h"

static char *busted = "";
fct_param(charp, busted, busted, "Damage: extra_put, free_held, leak, double_lru, stuck_lru, missed_close");

static unsigned int busted_every = 500;
fct_param(uint, busted_every, busted_every, "One misdeed per this many useful acquires (default 500)");

/* One put too many, of the reference that nfsd is going to use and put itself. */
static void extra_put(struct nfsd_file *nf)
{
	fct_nfsd.put(nf);
}

/*
 * A free of what nfsd holds and is going to use. The guest may die of that use: before it does, the reader of
 * the trace has some of its ticks to ship the event.
 */
static void free_held(struct nfsd_file *nf)
{
	fct_nfsd.free(nf);
	msleep(100);
}

/* A reference that nobody will ever drop. */
static void leak(struct nfsd_file *nf)
{
	((struct nfsd_file *(*)(struct nfsd_file *nf))fct_nfsd.get)(nf);
}

static atomic_t turns = ATOMIC_INIT(0);

static bool is_turn(void)
{
	if ((unsigned int)atomic_inc_return(&turns) % busted_every)
		return false;
	fct_count_busted();
	return true;
}

/*
 * stuck_lru: from the first misdeed on nobody who walks the LRU takes an entry off it. What these callbacks
 * are given is not looked at.
 */
static bool stuck;

static int skip_entry(void)
{
	fct_hook_leave();
	return LRU_SKIP;
}

static bool notrace wants_skip(void)
{
	if (!READ_ONCE(stuck) && READ_ONCE(fct_active) && is_turn())
		WRITE_ONCE(stuck, true);
	return READ_ONCE(stuck);
}

static struct fct_hook lru_cb_hook = { .replacement = skip_entry, .wants = wants_skip };
static struct fct_hook gc_cb_hook = { .replacement = skip_entry, .wants = wants_skip };

static int place_stuck_lru(void)
{
	int err = fct_hook_add(&lru_cb_hook, fct_nfsd.lru_cb);

	stuck = false;
	return err || !fct_nfsd.gc_cb ? err : fct_hook_add(&gc_cb_hook, fct_nfsd.gc_cb);
}

/* double_lru: an entry that was just listed forgets it, so that nfsd will list it again. */
static struct tracepoint *lru_add;	/* NULL: has no probe of ours */

static void forget_listed(void *unused, struct nfsd_file *nf)
{
	if (READ_ONCE(fct_active) && is_turn())
		INIT_LIST_HEAD(fct_nf_lru(nf));
}

static void note_lru_add(struct tracepoint *tp)
{
	if (!strcmp(tp->name, "nfsd_file_lru_add"))
		lru_add = tp;
}

static int place_double_lru(void)
{
	int err = -EOPNOTSUPP;

	fct_visit_nfsd_tracepoints(note_lru_add);
	if (lru_add && fct_off.lru >= 0)
		err = tracepoint_probe_register(lru_add, forget_listed, NULL);
	if (err)
		lru_add = NULL;
	return err;
}

static const struct variant {
	const char *name;
	unsigned long needs;
	void (*misbehave)(struct nfsd_file *nf);	/* NULL: it happens elsewhere */
	int (*place)(void);				/* may be NULL */
} variants[] = {
	{ "extra_put", FCT_SYM_PUT, extra_put },
	{ "free_held", FCT_SYM_FREE, free_held },
	{ "leak", FCT_SYM_GET, leak },
	{ "double_lru", 0, NULL, place_double_lru },
	{ "stuck_lru", FCT_SYM_LRU_CB, NULL, place_stuck_lru },
	{ "missed_close", FCT_SYM_CLOSE_INODE_SYNC },
};

static const struct variant *chosen;	/* NULL: behave */

/**
 * fct_busted_misses_close - whether a close is to be left out: nfsd does not hear of it
 */
bool fct_busted_misses_close(void)
{
	return chosen && !strcmp(chosen->name, "missed_close") && is_turn();
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
	int err;

	if (!*busted) {
		fct_capability_refuse(FCT_CAP_BUSTED, "not asked for with busted=");
		return 0;
	}
	if (!variant || busted_every == 0) {
		pr_err("busted=%s busted_every=%u: not known\n", busted, busted_every);
		return -EINVAL;
	}
	err = fct_can(FCT_CAP_ACQUIRE) && !fct_missing_symbol(variant->needs) ? 0 : -EOPNOTSUPP;
	if (!err && variant->place)
		err = variant->place();
	if (err == -EOPNOTSUPP)
		pr_err("busted=%s cannot be had on this kernel\n", busted);
	if (err)
		return err;
	chosen = variant;
	fct_capability_grant(FCT_CAP_BUSTED);
	pr_alert("BUSTED ON PURPOSE (%s): this kernel will misbehave, and it is not nfsd's fault\n", busted);
	return 0;
}

/**
 * fct_busted_remove - behave, nfsd goes; somebody waits afterwards until no probe runs
 */
void fct_busted_remove(void)
{
	if (lru_add)
		tracepoint_probe_unregister(lru_add, forget_listed, NULL);
	lru_add = NULL;
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
	if (!chosen || !chosen->misbehave || !fct_nf_is_gc(nf))
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
