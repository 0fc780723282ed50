/* SPDX-License-Identifier: GPL-2.0 */
/* fct.h - what the files of fctorture.ko share; nothing here is seen by user space */
#ifndef FCT_H
#define FCT_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/ftrace.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/path.h>
#include <linux/types.h>

#include "fct_uapi.h"

struct inode;
struct nfsd_file;
struct seq_file;
struct shrink_control;
struct shrinker;
struct svc_fh;
struct svc_rqst;
struct task_struct;
struct tracepoint;
struct work_struct;

/* rcutorture's torture_param(), for a variable that other files see under a name of its own. */
#define fct_param(type, name, variable, msg)				\
	module_param_named(name, variable, type, 0444);			\
	MODULE_PARM_DESC(name, msg)

/* fct_symbols.c: nfsd's functions, by address */

typedef __be32 (*fct_acquire_fn)(struct svc_rqst *rqstp, struct svc_fh *fhp, unsigned int may_flags,
				 struct nfsd_file **pnf);

/* A member is NULL if this nfsd has no such function. */
struct fct_nfsd {
	void (*close_inode_sync)(struct inode *inode);
	bool (*is_cached)(struct inode *inode);
	fct_acquire_fn acquire;
	fct_acquire_fn acquire_gc;
	void (*put)(struct nfsd_file *nf);
	void (*free)(struct nfsd_file *nf);
	unsigned long (*lru_scan)(struct shrinker *shrinker, struct shrink_control *sc);
	unsigned long (*lru_count)(struct shrinker *shrinker, struct shrink_control *sc);
	void (*gc_worker)(struct work_struct *work);
};

/* Bits of fct_stressor.needs. */
#define FCT_SYM_CLOSE_INODE_SYNC	BIT(0)
#define FCT_SYM_IS_CACHED		BIT(1)
#define FCT_SYM_ACQUIRE			BIT(2)
#define FCT_SYM_ACQUIRE_GC		BIT(3)
#define FCT_SYM_PUT			BIT(4)
#define FCT_SYM_FREE			BIT(5)
#define FCT_SYM_LRU_SCAN		BIT(6)
#define FCT_SYM_LRU_COUNT		BIT(7)
#define FCT_SYM_GC_WORKER		BIT(8)

extern struct fct_nfsd fct_nfsd;

int fct_nfsd_get(void);
void fct_nfsd_put(void);
const char *fct_missing_symbol(unsigned long needs);
void fct_visit_nfsd_tracepoints(void (*visit)(struct tracepoint *tp));

/* fct_capability.c: what works on this kernel, and why the rest does not */

void fct_capability_grant(u64 capability);
void fct_capability_refuse(u64 capability, const char *reason, ...) __printf(2, 3);
bool fct_can(u64 capability);
u64 fct_capabilities(void);
void fct_capabilities_show(struct seq_file *m);

/* fct_targets.c: the inodes that are tortured */

#define FCT_MAX_TARGETS		4096

/* Who is inside and who has ever begun, for each kind of operation. */
struct fct_crowd {
	atomic_t inside[FCT_NR_STRESSORS];
	atomic_t begun[FCT_NR_STRESSORS];
};

/* A target, pinned. (struct fct_target is what user space hands in.) */
struct fct_pin {
	struct inode *inode;
	struct fct_crowd crowd;
	struct path path;		/* pins the inode */
	const void *owner;		/* who added it; NULL: debugfs */
	unsigned int slot;
	struct kref kref;
	struct hlist_node node;
	struct rcu_head rcu;
};

int fct_target_add(const struct path *path, const void *owner);
int fct_target_remove(const struct inode *inode);
void fct_targets_drop(const void *owner);
void fct_targets_drop_all(void);
struct fct_pin *fct_target_pick(u32 draw, unsigned int seek);
struct fct_pin *fct_target_find(const struct inode *inode);
void fct_target_put(struct fct_pin *target);
unsigned int fct_targets_count(void);
void fct_targets_show(struct seq_file *m);

/* fct_window.c: the counters, and who overlapped whom */

/* One operation under way. @target is NULL if its inode is no target. */
struct fct_window {
	enum fct_stressor_id id;
	struct fct_pin *target;
	u32 others_begun;
	bool raced;
};

void fct_window_enter(struct fct_window *window, enum fct_stressor_id id, struct fct_pin *target);
void fct_window_leave(struct fct_window *window, bool useful);
void fct_count_observed(void);
void fct_count_busted(void);
void fct_stats_fill(struct fct_stats *stats);

/* fct_run.c: a run and its threads */

struct fct_worker {
	const struct fct_stressor *stressor;
	struct task_struct *task;
	u64 random;			/* state of the generator, never 0 */
};

extern bool fct_active;			/* a run is on; read it with READ_ONCE() */
extern u64 fct_seed;			/* of the current or next run */

#define FCT_ANYONE	((const void *)-1L)

int fct_run_start(u64 seed, const void *owner);
void fct_run_stop(const void *owner);
u64 fct_random(struct fct_worker *worker);

/* A debugfs file that holds one number, min .. max. */
struct fct_knob {
	const char *name;
	unsigned int *value;
	unsigned int min;
	unsigned int max;
	u64 capability;			/* writing is refused without it */
};

#define FCT_MAX_THREADS		64
#define FCT_MAX_GAP_US		10000000

/**
 * struct fct_stressor - one way to torture the file cache
 * @name: its folder in debugfs
 * @id: its place in struct fct_stats; 1 << @id is its capability
 * @needs: FCT_SYM_* that it cannot do without
 * @knobs: ends with an entry without name
 * @threads: how many threads a run gives it, NULL if it needs none
 * @gap_us: mean pause of a thread between two operations, NULL as @threads
 * @once: does and counts one operation in a thread of its own
 * @place: at module load, while nothing runs: places what it needs (optional)
 * @quiesce: waits until the last operation of a run is over, with the run flagged as ended (optional)
 * @remove: undoes @place (optional)
 */
struct fct_stressor {
	const char *name;
	enum fct_stressor_id id;
	unsigned long needs;
	const struct fct_knob *knobs;
	const unsigned int *threads;
	const unsigned int *gap_us;
	void (*once)(struct fct_worker *worker);
	int (*place)(void);
	void (*quiesce)(void);
	void (*remove)(void);
};

extern const struct fct_stressor fct_close, fct_acquire, fct_shrink, fct_gc;
extern const struct fct_stressor *const fct_stressors[FCT_NR_STRESSORS];

/* The one-shot form of each stressor; a thread's @once uses the same functions. */
bool fct_close_inode(struct inode *inode, struct fct_pin *target);
unsigned long fct_shrink_scan(unsigned long nr_to_scan);
void fct_gc_collect(unsigned long *lru_before, unsigned long *lru_after);
unsigned long fct_lru_count(void);

/* fct_hook.c: redirect a function of nfsd to one of ours */

struct fct_hook {
	struct ftrace_ops ops;
	void *function;			/* of nfsd; NULL: not placed */
	void *replacement;		/* has the same type, calls fct_hook_leave() when it is done */
	bool (*wants)(void);		/* redirect this call? Runs with preemption off. */
};

int fct_hook_place(struct fct_hook *hook, void *function);
void fct_hook_remove(struct fct_hook *hook);
void fct_hook_leave(void);
bool fct_hook_drain(unsigned long timeout);

/* fct_observe.c: nfsd's tracepoints, repeated with the nfsd_file's address */

struct fct_offsets {
	int inode, file, flags, ref, may;	/* bytes into struct nfsd_file, -1 = unknown */
	int bit_gc;				/* in nf_flags, -1 = unknown */
};

extern struct fct_offsets fct_off;

int fct_observe_place(void);
void fct_observe_remove(void);
void fct_observe_show(struct seq_file *m);
const void *fct_nf_inode(const struct nfsd_file *nf);
bool fct_nf_is_gc(const struct nfsd_file *nf);

/* fct_busted.c: the positive control */

int fct_busted_check(void);
void fct_busted_misbehave(struct nfsd_file *nf);
const char *fct_busted_name(void);

/* fct_debugfs.c, fct_ioctl.c: the two faces */

void fct_debugfs_create(void);
void fct_debugfs_remove(void);
int fct_device_create(void);
void fct_device_remove(void);

extern unsigned long fct_loaded_at;	/* jiffies */

/* Milliseconds since the module was loaded. From jiffies: it is called in every event. */
static inline u32 fct_ms(void)
{
	return jiffies_to_msecs(jiffies - fct_loaded_at);
}

#endif /* FCT_H */
