// SPDX-License-Identifier: GPL-2.0
/* fct_capability.c - what works on this kernel, and why the rest does not */
#include <linux/kernel.h>
#include <linux/seq_file.h>

#include "fct.h"

static struct capability {
	const char *name;
	u64 bit;
	char reason[96];	/* why it is absent */
} capabilities[] = {
	{ "close", FCT_CAP_CLOSE },
	{ "acquire", FCT_CAP_ACQUIRE },
	{ "shrink", FCT_CAP_SHRINK },
	{ "gc", FCT_CAP_GC },
	{ "synthetic", FCT_CAP_SYNTHETIC },
	{ "local", FCT_CAP_LOCAL },
	{ "lease", FCT_CAP_LEASE },
	{ "fsnotify", FCT_CAP_FSNOTIFY },
	{ "purge", FCT_CAP_PURGE },
	{ "rendezvous", FCT_CAP_RENDEZVOUS },
	{ "observe", FCT_CAP_OBSERVE },
	{ "busted", FCT_CAP_BUSTED },
	{ "inject", FCT_CAP_INJECT },
};

static u64 present;	/* changes when the module is loaded, and when nfsd goes and comes */

/**
 * fct_capability_grant - say that something works
 * @capability: one FCT_CAP_ bit
 */
void fct_capability_grant(u64 capability)
{
	WRITE_ONCE(present, present | capability);
}

/**
 * fct_capability_refuse - say that something does not work here
 * @capability: one FCT_CAP_ bit
 * @reason: for people, without a full stop or new line
 */
void fct_capability_refuse(u64 capability, const char *reason, ...)
{
	unsigned int i;
	va_list args;

	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (capabilities[i].bit != capability)
			continue;
		va_start(args, reason);
		vsnprintf(capabilities[i].reason, sizeof(capabilities[i].reason), reason, args);
		va_end(args);
	}
}

/**
 * fct_capability_refuse_all - say that nothing works
 * @reason: for people, without a full stop or new line
 */
void fct_capability_refuse_all(const char *reason)
{
	unsigned int i;

	WRITE_ONCE(present, 0);
	for (i = 0; i < ARRAY_SIZE(capabilities); i++)
		fct_capability_refuse(capabilities[i].bit, "%s", reason);
}

/**
 * fct_can - tell whether a capability is present
 * @capability: one FCT_CAP_ bit
 */
bool fct_can(u64 capability)
{
	return READ_ONCE(present) & capability;
}

/**
 * fct_capabilities - all that are present
 *
 * Return: FCT_CAP_ bits.
 */
u64 fct_capabilities(void)
{
	return READ_ONCE(present);
}

/**
 * fct_capabilities_show - a line for each: "close yes", "gc no: symbol nfsd_file_gc_worker not found"
 * @m: where to
 */
void fct_capabilities_show(struct seq_file *m)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (fct_can(capabilities[i].bit))
			seq_printf(m, "%s yes\n", capabilities[i].name);
		else
			seq_printf(m, "%s no: %s\n", capabilities[i].name, capabilities[i].reason);
	}
}
