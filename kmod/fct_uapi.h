/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * fct_uapi.h - the only interface between fctorture.ko and user space
 *
 * Everything is fixed-width and little-endian (the machine's own order on the
 * only architectures that nfsd torture runs on). Reserved fields must be zero:
 * the module answers EINVAL otherwise, so that they can get a meaning later.
 */
#ifndef FCT_UAPI_H
#define FCT_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define FCT_ABI_VERSION		2
#define FCT_DEVICE_NAME		"fctorture"

/* Stressors. Their order is the order of struct fct_stats.stressor; numbers are never reused. */
enum fct_stressor_id {
	FCT_CLOSE,		/* nfsd_file_close_inode_sync() on a target */
	FCT_ACQUIRE,		/* extra acquire + put in nfsd's own threads */
	FCT_SHRINK,		/* nfsd_file_lru_scan() */
	FCT_GC,			/* nfsd_file_gc_worker() */
	FCT_SYNTHETIC,		/* acquire + put with a captured request, in threads of our own */
	FCT_LOCAL,		/* nfsd_file_acquire_local() + put, as LOCALIO does */
	FCT_LEASE,		/* delayed close: what nfsd hears when somebody takes a lease */
	FCT_FSNOTIFY,		/* delayed close: what nfsd hears when the last link goes */
	FCT_PURGE,		/* nfsd_file_cache_purge(), as an export flush does */
	FCT_RENDEZVOUS,		/* several of the above at one instant on one inode */
	FCT_NR_STRESSORS
};

#define FCT_MAX_STRESSORS	16	/* of the arrays in struct fct_stats */

/* Bits of struct fct_info.capabilities; what is absent answers EOPNOTSUPP. */
#define FCT_CAP_CLOSE		(1ULL << FCT_CLOSE)
#define FCT_CAP_ACQUIRE		(1ULL << FCT_ACQUIRE)
#define FCT_CAP_SHRINK		(1ULL << FCT_SHRINK)
#define FCT_CAP_GC		(1ULL << FCT_GC)
#define FCT_CAP_SYNTHETIC	(1ULL << FCT_SYNTHETIC)
#define FCT_CAP_LOCAL		(1ULL << FCT_LOCAL)
#define FCT_CAP_LEASE		(1ULL << FCT_LEASE)
#define FCT_CAP_FSNOTIFY	(1ULL << FCT_FSNOTIFY)
#define FCT_CAP_PURGE		(1ULL << FCT_PURGE)
#define FCT_CAP_RENDEZVOUS	(1ULL << FCT_RENDEZVOUS)
#define FCT_CAP_OBSERVE		(1ULL << 32)	/* fct_file events carry the nfsd_file pointer */
#define FCT_CAP_BUSTED		(1ULL << 33)	/* loaded with busted=, the positive control */
#define FCT_CAP_INJECT		(1ULL << 34)	/* delays at nfsd's tracepoints */

/*
 * What a user announces with FCT_IOC_PHASE. Each becomes a fctorture:fct_phase
 * event, so that the oracle knows from the trace alone when load stopped.
 */
enum fct_phase {
	FCT_PHASE_LOAD = 1,	/* stressors and clients are about to start */
	FCT_PHASE_QUIET,	/* stressors and clients have stopped */
	FCT_PHASE_SHUTDOWN,	/* nfsd is about to be stopped */
	FCT_PHASE_END,		/* nfsd has stopped */
};

struct fct_info {
	__u32 abi;		/* FCT_ABI_VERSION */
	__u32 nr_stressors;	/* FCT_NR_STRESSORS of this module */
	__u64 capabilities;
	__u64 reserved[4];
};

/* A file of an exported file system, opened by the caller; the module pins its inode. */
struct fct_target {
	__s32 fd;
	__u32 reserved;		/* must be zero */
};

struct fct_start {
	__u64 seed;		/* each thread draws from (seed, stressor, thread number) */
	__u64 reserved[3];	/* must be zero */
};

struct fct_phase_mark {
	__u32 phase;		/* enum fct_phase */
	__u32 reserved;		/* must be zero */
};

/* One nfsd_file_close_inode_sync() on @fd; the answer says whether anything was cached. */
struct fct_close_sync {
	__s32 fd;
	__u32 cached_before;	/* out: 0 or 1, nfsd_file_is_cached() */
	__u32 cached_after;	/* out: 0 or 1 */
	__u32 reserved;		/* must be zero */
};

/* One nfsd_file_lru_scan() over @nr_to_scan entries. */
struct fct_shrink_once {
	__u64 nr_to_scan;	/* 1 .. 2^31 - 1 */
	__u64 freed;		/* out: entries evicted */
	__u64 lru_after;	/* out: entries left on the LRU */
	__u64 reserved;		/* must be zero */
};

/* One run of the laundrette's worker. */
struct fct_gc_once {
	__u64 lru_before;	/* out */
	__u64 lru_after;	/* out */
	__u64 reserved[2];	/* must be zero */
};

struct fct_stressor_stats {
	__u64 called;		/* operations done */
	__u64 useful;		/* of these, how many found something to do */
	__u64 raced;		/* of these, how many overlapped another stressor on the same inode */
};

/* Where the sweep of the rendezvous stands; a hit is repeated with its knobs set to this step. */
struct fct_sweep {
	__u32 step;		/* of the last round */
	__u32 reserved;
	__s64 offset_ns;	/* by which its second party came after its first */
};

/* What strategy pct has come to. */
struct fct_pct_stats {
	__u64 passes;		/* of injection points, in all rounds, by threads that took part */
	__u32 rounds;		/* that are over */
	__u32 cut;		/* of these, how many were over by time, with fewer passes */
	__u32 threads;		/* the most that took part in one */
	__u32 left_out;		/* passes of threads that could get no priority */
};

struct fct_stats {
	struct fct_stressor_stats stressor[FCT_MAX_STRESSORS];
	/*
	 * exposure[a][b], a <= b: how often an operation of a began while one of b was
	 * inside the same inode (or b began while a was). SHRINK, GC and PURGE work on
	 * all inodes at once, so they overlap with whatever is under way.
	 */
	__u64 exposure[FCT_MAX_STRESSORS][FCT_MAX_STRESSORS];
	struct fct_sweep sweep;
	__u64 observed;		/* fct_file events handed to the ring buffer */
	__u64 busted;		/* deliberate misdeeds done (busted= only) */
	__u64 injected;		/* delays and forced switches done */
	__u32 running;		/* 1 between FCT_IOC_START and FCT_IOC_STOP */
	__u32 nr_targets;
	__u32 nr_captured;	/* targets that a synthetic acquire can use */
	__u32 nfsd_up;		/* 1 while nfsd's file cache is up; else every operation answers ENODEV */
	struct fct_pct_stats pct;
	__u64 reserved[5];
};

/*
 * The size that an ioctl's number carries is the caller's. A struct of an older, smaller
 * ABI is taken as if its end were zero; a longer one must be zero beyond what this module
 * knows: E2BIG otherwise.
 */
#define FCT_IOC_MAGIC		0xFC
#define FCT_IOC_INFO		_IOR(FCT_IOC_MAGIC, 0x00, struct fct_info)
#define FCT_IOC_ADD_TARGET	_IOW(FCT_IOC_MAGIC, 0x01, struct fct_target)
#define FCT_IOC_DEL_TARGET	_IOW(FCT_IOC_MAGIC, 0x02, struct fct_target)
#define FCT_IOC_START		_IOW(FCT_IOC_MAGIC, 0x03, struct fct_start)
#define FCT_IOC_STOP		_IO(FCT_IOC_MAGIC, 0x04)
#define FCT_IOC_STATS		_IOR(FCT_IOC_MAGIC, 0x05, struct fct_stats)
#define FCT_IOC_PHASE		_IOW(FCT_IOC_MAGIC, 0x06, struct fct_phase_mark)
#define FCT_IOC_CLOSE_SYNC	_IOWR(FCT_IOC_MAGIC, 0x07, struct fct_close_sync)
#define FCT_IOC_SHRINK		_IOWR(FCT_IOC_MAGIC, 0x08, struct fct_shrink_once)
#define FCT_IOC_GC		_IOWR(FCT_IOC_MAGIC, 0x09, struct fct_gc_once)

#endif /* FCT_UAPI_H */
