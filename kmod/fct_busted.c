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
fct_param(charp, busted, busted, "Misbehave on purpose: extra_put, free_held (default: do not)");

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

static const struct variant variants[] = {
	{ "extra_put", FCT_SYM_PUT, extra_put },
	{ "free_held", FCT_SYM_FREE, free_held },
};

static const struct variant *chosen;	/* NULL: behave */
static atomic_t acquires = ATOMIC_INIT(0);

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
 * fct_busted_check - judge the parameter busted=, after the stressors were placed
 *
 * Return: 0; -EINVAL for an unknown variant or busted_every=0; -EOPNOTSUPP if this kernel cannot have it.
 */
int fct_busted_check(void)
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
	if (!fct_can(FCT_CAP_ACQUIRE) || fct_missing_symbol(variant->needs)) {
		pr_err("busted=%s cannot be had on this kernel\n", busted);
		return -EOPNOTSUPP;
	}
	chosen = variant;
	fct_capability_grant(FCT_CAP_BUSTED);
	pr_alert("BUSTED ON PURPOSE (%s): this kernel will misbehave, and it is not nfsd's fault\n", busted);
	return 0;
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
	if (!chosen || !fct_nf_is_gc(nf))
		return;
	if ((unsigned int)atomic_inc_return(&acquires) % busted_every)
		return;
	fct_count_busted();
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
