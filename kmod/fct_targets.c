// SPDX-License-Identifier: GPL-2.0
/*
 * fct_targets.c - the inodes that are tortured
 *
 * A target holds the struct path of a file: its mount and its dentry. So its inode stays, unlinked or not,
 * and unmounting its file system answers EBUSY until the target is removed. (An inode reference alone
 * would let the unmount through and make it complain about busy inodes.)
 *
 * Readers take a reference under RCU, so that nothing waits for a reader: one that died in an oops costs
 * its target, not whoever wants to remove it.
 */
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "fct.h"

static DEFINE_MUTEX(lock);		/* of changes */
static DEFINE_HASHTABLE(by_inode, 10);
static struct fct_pin __rcu *slots[FCT_MAX_TARGETS];	/* dense, for picking */
static unsigned int nr_targets;

static void release_target(struct kref *kref)
{
	struct fct_pin *target = container_of(kref, struct fct_pin, kref);

	fct_capture_drop(target);
	path_put(&target->path);
	kfree_rcu(target, rcu);
}

/**
 * fct_target_put - drop a reference of fct_target_pick() or fct_target_find()
 * @target: may be NULL
 *
 * May sleep.
 */
void fct_target_put(struct fct_pin *target)
{
	if (target)
		kref_put(&target->kref, release_target);
}

static struct fct_pin *lookup(const struct inode *inode)
{
	struct fct_pin *target;

	hash_for_each_possible_rcu(by_inode, target, node, (unsigned long)inode, lockdep_is_held(&lock)) {
		if (target->inode == inode)
			return target;
	}
	return NULL;
}

/**
 * fct_target_find - the target of an inode
 * @inode: only compared, may be stale
 *
 * Return: the target, to be put; NULL if there is none.
 */
struct fct_pin *fct_target_find(const struct inode *inode)
{
	struct fct_pin *target;

	rcu_read_lock();
	target = lookup(inode);
	if (target && !kref_get_unless_zero(&target->kref))
		target = NULL;
	rcu_read_unlock();
	return target;
}

/**
 * fct_is_target - whether an inode has a target
 * @inode: only compared, may be stale
 */
bool fct_is_target(const struct inode *inode)
{
	bool found;

	rcu_read_lock();
	found = lookup(inode);
	rcu_read_unlock();
	return found;
}

static struct fct_pin *in_slot(u32 number)
{
	unsigned int nr = READ_ONCE(nr_targets);

	return nr == 0 ? NULL : rcu_dereference(slots[number % nr]);
}

static bool is_being_acquired(const struct fct_pin *target)
{
	return fct_crowd_inside(&target->crowd, FCT_ACQUIRE) ||
	       fct_crowd_inside(&target->crowd, FCT_SYNTHETIC) ||
	       fct_crowd_inside(&target->crowd, FCT_LOCAL);
}

/**
 * fct_target_pick - any target, rather one that is being acquired
 * @draw: a random number that decides which
 * @seek: how many targets to look over, from the drawn one on, for one with an acquire inside; without
 *	such a one it is the drawn one. Left to chance alone, two operations hardly ever meet.
 *
 * Return: the target, to be put; NULL if there are none or it was just being removed.
 */
struct fct_pin *fct_target_pick(u32 draw, unsigned int seek)
{
	struct fct_pin *target, *other;
	unsigned int i;

	rcu_read_lock();
	target = in_slot(draw);
	for (i = 0; i < seek; i++) {
		other = in_slot(draw + i);
		if (other && is_being_acquired(other)) {
			target = other;
			break;
		}
	}
	if (target && !kref_get_unless_zero(&target->kref))
		target = NULL;
	rcu_read_unlock();
	return target;
}

static int link_target(struct fct_pin *target)
{
	int err = 0;

	mutex_lock(&lock);
	if (lookup(target->inode)) {
		err = -EEXIST;
	} else if (nr_targets == FCT_MAX_TARGETS) {
		err = -ENOSPC;
	} else {
		target->slot = nr_targets;
		hash_add_rcu(by_inode, &target->node, (unsigned long)target->inode);
		rcu_assign_pointer(slots[target->slot], target);
		WRITE_ONCE(nr_targets, nr_targets + 1);
	}
	mutex_unlock(&lock);
	return err;
}

/* The last slot's target moves into the hole. A reader that races with this sees either, both are safe. */
static void unlink_target(struct fct_pin *target)
{
	struct fct_pin *last = rcu_dereference_protected(slots[nr_targets - 1], lockdep_is_held(&lock));

	last->slot = target->slot;
	rcu_assign_pointer(slots[last->slot], last);
	RCU_INIT_POINTER(slots[nr_targets - 1], NULL);
	WRITE_ONCE(nr_targets, nr_targets - 1);
	hash_del_rcu(&target->node);
	fct_target_put(target);
}

/**
 * fct_target_add - pin a file and torture it from now on
 * @path: of the file; the module takes references of its own
 * @owner: whoever may drop it with fct_targets_drop()
 *
 * Return: 0; -EINVAL if it is not a regular file, -EEXIST if it is a target already, -ENOSPC if there are
 * %FCT_MAX_TARGETS, -ENOMEM.
 */
int fct_target_add(const struct path *path, const void *owner)
{
	struct fct_pin *target;
	int err;

	if (!d_is_reg(path->dentry))
		return -EINVAL;
	target = kzalloc(sizeof(*target), GFP_KERNEL);
	if (!target)
		return -ENOMEM;
	kref_init(&target->kref);
	target->path = *path;
	path_get(&target->path);
	target->inode = d_inode(path->dentry);
	target->owner = owner;
	err = link_target(target);
	if (err)
		fct_target_put(target);
	return err;
}

/**
 * fct_target_remove - leave a file alone from now on
 * @inode: of the file
 *
 * An operation that is under way on it keeps it pinned until it ends.
 *
 * Return: 0, or -ENOENT if it is no target.
 */
int fct_target_remove(const struct inode *inode)
{
	struct fct_pin *target;

	mutex_lock(&lock);
	target = lookup(inode);
	if (target)
		unlink_target(target);
	mutex_unlock(&lock);
	return target ? 0 : -ENOENT;
}

static void drop_targets(const void *owner, bool all)
{
	struct fct_pin *target;
	unsigned int i;

	mutex_lock(&lock);
	for (i = nr_targets; i-- > 0;) {
		target = rcu_dereference_protected(slots[i], lockdep_is_held(&lock));
		if (all || target->owner == owner)
			unlink_target(target);
	}
	mutex_unlock(&lock);
}

/**
 * fct_targets_drop - remove all targets of one owner
 * @owner: as in fct_target_add()
 */
void fct_targets_drop(const void *owner)
{
	drop_targets(owner, false);
}

/**
 * fct_targets_drop_all - remove all targets
 */
void fct_targets_drop_all(void)
{
	drop_targets(NULL, true);
}

/**
 * fct_targets_visit - do something with each target
 * @visit: may sleep; the target stays meanwhile
 */
void fct_targets_visit(void (*visit)(struct fct_pin *target))
{
	unsigned int i;

	mutex_lock(&lock);
	for (i = 0; i < nr_targets; i++)
		visit(rcu_dereference_protected(slots[i], lockdep_is_held(&lock)));
	mutex_unlock(&lock);
}

/**
 * fct_targets_count - how many targets there are
 */
unsigned int fct_targets_count(void)
{
	return READ_ONCE(nr_targets);
}

/**
 * fct_targets_show - a line for each target: "<dev major:minor> <inode number>"
 * @m: where to
 */
void fct_targets_show(struct seq_file *m)
{
	const struct inode *inode;
	unsigned int i;

	mutex_lock(&lock);
	for (i = 0; i < nr_targets; i++) {
		inode = rcu_dereference_protected(slots[i], lockdep_is_held(&lock))->inode;
		seq_printf(m, "%u:%u %llu\n", MAJOR(inode->i_sb->s_dev), MINOR(inode->i_sb->s_dev),
			   (u64)inode->i_ino);
	}
	mutex_unlock(&lock);
}
