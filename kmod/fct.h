/* SPDX-License-Identifier: GPL-2.0 */
/* fct.h - what the files of fctorture.ko share; nothing here is seen by user space */
#ifndef FCT_H
#define FCT_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/jump_label.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/path.h>
#include <linux/types.h>

#include "fct_uapi.h"

struct auth_domain;
struct dentry;
struct file;
struct inode;
struct net;
struct nfsd_file;
struct notifier_block;
struct seq_file;
struct shrink_control;
struct shrinker;
struct svc_cred;
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
typedef __be32 (*fct_acquire_local_fn)(struct net *net, struct svc_cred *cred, struct auth_domain *client,
				       struct svc_fh *fhp, unsigned int may_flags, struct nfsd_file **pnf);
typedef int (*fct_notifier_fn)(struct notifier_block *nb, unsigned long action, void *data);

/* A member is NULL if this nfsd has no such function. */
struct fct_nfsd {
	void (*close_inode_sync)(struct inode *inode);
	bool (*is_cached)(struct inode *inode);
	fct_acquire_fn acquire;
	fct_acquire_fn acquire_gc;
	fct_acquire_local_fn acquire_local;
	void *get;			/* returns its argument, or nothing */
	void (*put)(struct nfsd_file *nf);
	void (*free)(struct nfsd_file *nf);
	unsigned long (*lru_scan)(struct shrinker *shrinker, struct shrink_control *sc);
	unsigned long (*lru_count)(struct shrinker *shrinker, struct shrink_control *sc);
	void (*gc_worker)(struct work_struct *work);
	fct_notifier_fn lease_notifier_call;
	void (*cache_purge)(struct net *net);
	int (*cache_init)(void);
	void (*cache_shutdown)(void);
	void (*cache_shutdown_net)(struct net *net);
	void (*fh_put)(struct svc_fh *fhp);
	struct mutex *mutex;		/* nfsd is held still by it: starts, stops, flushes */
	unsigned long *flags;		/* bit 0: the cache is up */
	void **hashtbl;			/* before 6.0: not NULL while the cache is up */
	void *lru_cb, *gc_cb;		/* judge entries of the LRU; gc_cb for the laundrette, since 6.15 */
};

/* Bits of fct_stressor.needs. */
#define FCT_SYM_CLOSE_INODE_SYNC	BIT(0)
#define FCT_SYM_IS_CACHED		BIT(1)
#define FCT_SYM_ACQUIRE			BIT(2)
#define FCT_SYM_ACQUIRE_GC		BIT(3)
#define FCT_SYM_ACQUIRE_LOCAL		BIT(4)
#define FCT_SYM_GET			BIT(5)
#define FCT_SYM_PUT			BIT(6)
#define FCT_SYM_FREE			BIT(7)
#define FCT_SYM_LRU_SCAN		BIT(8)
#define FCT_SYM_LRU_COUNT		BIT(9)
#define FCT_SYM_GC_WORKER		BIT(10)
#define FCT_SYM_LEASE_NOTIFIER_CALL	BIT(11)
#define FCT_SYM_CACHE_PURGE		BIT(12)
#define FCT_SYM_CACHE_INIT		BIT(13)
#define FCT_SYM_CACHE_SHUTDOWN		BIT(14)
#define FCT_SYM_CACHE_SHUTDOWN_NET	BIT(15)
#define FCT_SYM_FH_PUT			BIT(16)
#define FCT_SYM_MUTEX			BIT(17)
#define FCT_SYM_FLAGS			BIT(18)
#define FCT_SYM_HASHTBL			BIT(19)
#define FCT_SYM_LRU_CB			BIT(20)
#define FCT_SYM_GC_CB			BIT(21)

extern struct fct_nfsd fct_nfsd;

int fct_nfsd_find(void);
void fct_nfsd_forget(void);
void fct_nfsd_release(void);
const char *fct_missing_symbol(unsigned long needs);
void *fct_find_symbol(const char *name);
void *fct_find_kernel_symbol(const char *name);
void fct_visit_nfsd_tracepoints(void (*visit)(struct tracepoint *tp));

/* fct_gate.c: is nfsd's file cache up? */

/* Closed while a namespace's share of the cache goes, or only when the cache itself does. */
enum fct_gate { FCT_GATE_NET, FCT_GATE_CACHE, FCT_NR_GATES };

int fct_gate_place(void);
void fct_gates_close(void);
bool fct_gate_enter(enum fct_gate gate);
void fct_gate_leave(enum fct_gate gate);
bool fct_gate_is_open(enum fct_gate gate);
void fct_gate_await(enum fct_gate gate);

/* fct_capability.c: what works on this kernel, and why the rest does not */

void fct_capability_grant(u64 capability);
void fct_capability_refuse(u64 capability, const char *reason, ...) __printf(2, 3);
void fct_capability_refuse_all(const char *reason);
bool fct_can(u64 capability);
u64 fct_capabilities(void);
void fct_capabilities_show(struct seq_file *m);

/* fct_targets.c: the inodes that are tortured */

#define FCT_MAX_TARGETS		4096

/* For each kind of operation: how many are inside, and from bit 32 on how many have ever begun. */
struct fct_crowd {
	atomic64_t of[FCT_NR_STRESSORS];
};

static inline u32 fct_crowd_inside(const struct fct_crowd *crowd, enum fct_stressor_id id)
{
	return atomic64_read(&crowd->of[id]);
}

/* A target, pinned. (struct fct_target is what user space hands in.) */
struct fct_pin {
	struct inode *inode;
	struct fct_crowd crowd;
	struct path path;		/* pins the inode */
	struct fct_request *request;	/* captured; set once, with cmpxchg() */
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
bool fct_is_target(const struct inode *inode);
void fct_target_put(struct fct_pin *target);
void fct_targets_visit(void (*visit)(struct fct_pin *target));
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
void fct_count_operation(enum fct_stressor_id id, bool useful, bool raced);
void fct_count_observed(void);
void fct_count_busted(void);
void fct_count_injected(void);
void fct_stats_fill(struct fct_stats *stats);

/* fct_run.c: a run and its threads */

struct fct_worker {
	const struct fct_stressor *stressor;
	unsigned int number;		/* among those of its stressor */
	struct task_struct *task;
	u64 random;			/* state of the generator, never 0 */
	void *private;			/* of the stressor, from setup to teardown */
	u32 round;			/* of a rendezvous, that it took part in last */
};

extern bool fct_active;			/* a run is on; read it with READ_ONCE() */
extern u64 fct_seed;			/* of the current or next run */

#define FCT_ANYONE	((const void *)-1L)

int fct_run_start(u64 seed, const void *owner);
void fct_run_stop(const void *owner);
void fct_pause(struct fct_worker *worker);
u64 fct_random(struct fct_worker *worker);
u64 fct_mix(u64 value);
u64 fct_xorshift(u64 *state);

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
#define FCT_MAX_BURST		100000

/* How the threads of a stressor work. */
struct fct_pace {
	unsigned int threads;		/* from the next start on */
	unsigned int gap_us;		/* mean pause after a burst */
	unsigned int burst;		/* operations between two pauses */
	unsigned int cpus;		/* mask of the first 32 CPUs to bind threads to; 0: all, by turns */
};

/* What all of them have that work on one target. */
#define FCT_SEEK_KNOB(seek, capability)	{ "seek", &(seek), 0, FCT_MAX_TARGETS, capability }

#define FCT_PACE_KNOBS(pace, capability)					\
	{ "threads", &(pace).threads, 0, FCT_MAX_THREADS, capability },		\
	{ "gap_us", &(pace).gap_us, 0, FCT_MAX_GAP_US, capability },		\
	{ "burst", &(pace).burst, 1, FCT_MAX_BURST, capability },		\
	{ "cpus", &(pace).cpus, 0, UINT_MAX, capability }

/**
 * struct fct_stressor - one way to torture the file cache
 * @name: its folder in debugfs
 * @id: its place in struct fct_stats; 1 << @id is its capability
 * @needs: FCT_SYM_* that it cannot do without
 * @knobs: ends with an entry without name
 * @pace: of its threads, NULL if it has none
 * @gate: FCT_GATE_CACHE for what the kernel does, too, while a namespace's nfsd is being taken down
 * @seek: how many targets to look over for one that is being acquired; NULL: it operates on none
 * @operate: does and counts one operation in a worker, which may be one of another stressor, on a target,
 *	NULL without @seek; nfsd's cache is up meanwhile
 * @close: makes nfsd close its cached files of an inode, now or soon (of those that fct_close.c operates)
 * @await: waits for the next burst, nfsd may go down meanwhile (optional: pauses)
 * @is_urgent: its threads go before all others, if each has a CPU of its own
 * @place: when nfsd comes, while nothing runs: adds the hooks that it needs (optional)
 * @setup: at the start of a run, for each of its threads before it runs (optional)
 * @teardown: undoes @setup; the thread is gone (optional)
 * @quiesce: waits until the last operation of a run is over, with the run flagged as ended (optional)
 */
struct fct_stressor {
	const char *name;
	enum fct_stressor_id id;
	unsigned long needs;
	const struct fct_knob *knobs;
	const struct fct_pace *pace;
	enum fct_gate gate;
	const unsigned int *seek;
	void (*operate)(const struct fct_stressor *stressor, struct fct_worker *worker,
			struct fct_pin *target);
	void (*close)(struct inode *inode);
	void (*await)(struct fct_worker *worker);
	bool is_urgent;
	int (*place)(void);
	int (*setup)(struct fct_worker *worker);
	void (*teardown)(struct fct_worker *worker);
	void (*quiesce)(void);
};

extern const struct fct_stressor fct_close, fct_acquire, fct_shrink, fct_gc, fct_synthetic, fct_local;
extern const struct fct_stressor fct_lease, fct_fsnotify, fct_purge, fct_rendezvous;
extern const struct fct_stressor *const fct_stressors[FCT_NR_STRESSORS];

/* The one-shot form of a stressor; its @operate uses the same function. */
bool fct_close_inode(const struct fct_stressor *stressor, struct inode *inode, struct fct_pin *target);
void fct_close_target(const struct fct_stressor *stressor, struct fct_worker *worker, struct fct_pin *target);
unsigned long fct_shrink_scan(unsigned long nr_to_scan);
void fct_gc_collect(unsigned long *lru_before, unsigned long *lru_after);
unsigned long fct_lru_count(void);
int fct_scratch_alloc(struct fct_worker *worker);
void fct_scratch_free(struct fct_worker *worker);
void fct_sweep_fill(struct fct_sweep *sweep);

/* fct_capture.c: requests of real clients, kept to be repeated */

void fct_capture(struct fct_pin *target, struct svc_rqst *rqstp, struct svc_fh *fhp, unsigned int may_flags);
void fct_capture_drop(struct fct_pin *target);
void fct_capture_drop_all(void);
void fct_capture_want(void);
void fct_capture_unwant(void);
bool fct_capture_wanted(void);
int fct_capture_check(void);
unsigned int fct_captured_count(void);

/* fct_hook.c: redirect a function of nfsd to one of ours */

struct fct_hook {
	void *replacement;		/* has the same type, calls fct_hook_leave() when it is done */
	bool (*wants)(void);		/* redirect this call? Runs with preemption off. */
};

int fct_hook_add(struct fct_hook *hook, void *function);
int fct_hooks_place(void);
void fct_hooks_remove(void);
void fct_hook_leave(void);
bool fct_hook_drain(unsigned long timeout);
bool fct_is_hooked(unsigned long function);

/* fct_entry.c: somebody enters a function. */
struct fct_entry {
	struct fct_entry *next;		/* of the same function */
	const unsigned int *wanted;	/* nothing happens while this is 0; NULL: it always does */
	/* With preemption off. Gets the function's first two arguments, if it has them. */
	void (*entered)(struct fct_entry *entry, unsigned long first, unsigned long second);
};

int fct_entry_add(struct fct_entry *entry, void *function);
int fct_entries_place(void);
void fct_entries_unplace(void);
void fct_entries_forget(void);

/* fct_observe.c: nfsd's tracepoints, repeated with the nfsd_file's address */

struct fct_offsets {
	int inode, file, flags, ref, may, lru;	/* bytes into struct nfsd_file, -1 = unknown */
	int bit_gc;				/* in nf_flags, -1 = unknown */
	int fh_dentry, fh_export;		/* bytes into struct svc_fh, -1 = unknown */
	int fh_size;				/* of struct svc_fh, -1 = unknown */
};

extern struct fct_offsets fct_off;

int fct_observe_place(void);
int fct_observe_settle(void);
void fct_observe_remove(void);
void fct_observe_show(struct seq_file *m);
bool fct_observes(const char *tracepoint);
struct list_head *fct_nf_lru(struct nfsd_file *nf);
const void *fct_nf_inode(const struct nfsd_file *nf);
bool fct_nf_is_gc(const struct nfsd_file *nf);

/* fct_files.c: struct files behind cached files */

int fct_files_place(void);
void fct_files_disposed(const struct nfsd_file *nf, const struct file *file);

/* fct_inject.c: delays and forced switches where the file cache changes state */

#define FCT_POINT_FUNCTION	32	/* points before it are tracepoints, by their number in FCT_OPS */
#define FCT_POINT_LRU		52	/* list_lru_add(), list_lru_del() */
#define FCT_POINT_OTHER		54	/* from here on tracepoints that FCT_OPS does not have */
#define FCT_NR_POINTS		66

extern unsigned int fct_inject_rates[FCT_NR_POINTS];
DECLARE_STATIC_KEY_TRUE(fct_inject_tracepoints);

int fct_inject_place(void);
void fct_inject_remove(void);
void fct_inject_tracepoint(unsigned int number, const char *name);
int fct_inject_start(u64 seed);
void fct_inject(unsigned int number, const void *inode);
void fct_inject_show(struct seq_file *m);
void fct_inject_visit(void (*visit)(const char *folder, const struct fct_knob *knobs, void *data),
		      void *data);

/* fct_lru.c: points at the functions of the kernel that nfsd's LRU is changed with */

int fct_lru_place(void);

/* fct_busted.c: the positive control */

int fct_busted_place(void);
void fct_busted_remove(void);
bool fct_busted_misses_close(void);
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
