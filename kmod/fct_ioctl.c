// SPDX-License-Identifier: GPL-2.0
/*
 * fct_ioctl.c - the face for the addon: /dev/fctorture, see fct_uapi.h
 *
 * One opener at a time. Closing the device ends the run that it started and drops the targets that it
 * added, so that an agent that dies leaves nothing behind.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "fct.h"
#include "fct_trace.h"

static unsigned long in_use;	/* bit 0 */

static int device_open(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (test_and_set_bit(0, &in_use))
		return -EBUSY;
	return 0;
}

static int device_release(struct inode *inode, struct file *file)
{
	fct_run_stop(file);
	fct_targets_drop(file);
	clear_bit(0, &in_use);
	return 0;
}

static long ioctl_info(struct file *file, void __user *arg)
{
	struct fct_info info = {
		.abi = FCT_ABI_VERSION,
		.nr_stressors = FCT_NR_STRESSORS,
		.capabilities = fct_capabilities(),
	};

	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* An O_PATH descriptor is refused like one that is not open: -EBADF. */
static long ioctl_add_target(struct file *file, void __user *arg)
{
	struct fct_target target;
	struct file *tortured;
	long err;

	if (copy_from_user(&target, arg, sizeof(target)))
		return -EFAULT;
	if (target.reserved)
		return -EINVAL;
	tortured = fget(target.fd);
	if (!tortured)
		return -EBADF;
	err = fct_target_add(&tortured->f_path, file);
	fput(tortured);
	return err;
}

static long ioctl_del_target(struct file *file, void __user *arg)
{
	struct fct_target target;
	struct file *tortured;
	long err;

	if (copy_from_user(&target, arg, sizeof(target)))
		return -EFAULT;
	if (target.reserved)
		return -EINVAL;
	tortured = fget(target.fd);
	if (!tortured)
		return -EBADF;
	err = fct_target_remove(d_inode(tortured->f_path.dentry));
	fput(tortured);
	return err;
}

static long ioctl_start(struct file *file, void __user *arg)
{
	struct fct_start start;

	if (copy_from_user(&start, arg, sizeof(start)))
		return -EFAULT;
	if (memchr_inv(start.reserved, 0, sizeof(start.reserved)))
		return -EINVAL;
	return fct_run_start(start.seed, file);
}

static long ioctl_stop(struct file *file, void __user *arg)
{
	fct_run_stop(FCT_ANYONE);
	return 0;
}

static long ioctl_stats(struct file *file, void __user *arg)
{
	struct fct_stats stats;

	fct_stats_fill(&stats);
	return copy_to_user(arg, &stats, sizeof(stats)) ? -EFAULT : 0;
}

/* On the console as well: after a crash it alone tells where the run stood. */
static long ioctl_phase(struct file *file, void __user *arg)
{
	static const char * const names[] = {
		[FCT_PHASE_LOAD] = "load",
		[FCT_PHASE_QUIET] = "quiet",
		[FCT_PHASE_SHUTDOWN] = "shutdown",
		[FCT_PHASE_END] = "end",
	};
	struct fct_phase_mark mark;

	if (copy_from_user(&mark, arg, sizeof(mark)))
		return -EFAULT;
	if (mark.reserved || mark.phase < FCT_PHASE_LOAD || mark.phase > FCT_PHASE_END)
		return -EINVAL;
	trace_fct_phase(mark.phase);
	pr_alert("phase %s ms=%u\n", names[mark.phase], fct_ms());
	return 0;
}

static void close_sync(struct fct_close_sync *once, struct inode *inode)
{
	struct fct_pin *target = fct_target_find(inode);

	once->cached_before = fct_close_inode(inode, target);
	once->cached_after = fct_nfsd.is_cached(inode);
	fct_target_put(target);
}

static long ioctl_close_sync(struct file *file, void __user *arg)
{
	struct fct_close_sync once;
	struct file *tortured;

	if (!fct_can(FCT_CAP_CLOSE))
		return -EOPNOTSUPP;
	if (copy_from_user(&once, arg, sizeof(once)))
		return -EFAULT;
	if (once.reserved)
		return -EINVAL;
	tortured = fget(once.fd);
	if (!tortured)
		return -EBADF;
	close_sync(&once, file_inode(tortured));
	fput(tortured);
	return copy_to_user(arg, &once, sizeof(once)) ? -EFAULT : 0;
}

static long ioctl_shrink(struct file *file, void __user *arg)
{
	struct fct_shrink_once once;

	if (!fct_can(FCT_CAP_SHRINK))
		return -EOPNOTSUPP;
	if (copy_from_user(&once, arg, sizeof(once)))
		return -EFAULT;
	if (once.reserved || once.nr_to_scan == 0 || once.nr_to_scan > INT_MAX)
		return -EINVAL;
	once.freed = fct_shrink_scan(once.nr_to_scan);
	once.lru_after = fct_lru_count();
	return copy_to_user(arg, &once, sizeof(once)) ? -EFAULT : 0;
}

static long ioctl_gc(struct file *file, void __user *arg)
{
	struct fct_gc_once once;
	unsigned long before, after;

	if (!fct_can(FCT_CAP_GC))
		return -EOPNOTSUPP;
	if (copy_from_user(&once, arg, sizeof(once)))
		return -EFAULT;
	if (memchr_inv(once.reserved, 0, sizeof(once.reserved)))
		return -EINVAL;
	fct_gc_collect(&before, &after);
	once.lru_before = before;
	once.lru_after = after;
	return copy_to_user(arg, &once, sizeof(once)) ? -EFAULT : 0;
}

static const struct {
	unsigned int command;
	long (*run)(struct file *file, void __user *arg);
} ioctls[] = {
	{ FCT_IOC_INFO, ioctl_info },
	{ FCT_IOC_ADD_TARGET, ioctl_add_target },
	{ FCT_IOC_DEL_TARGET, ioctl_del_target },
	{ FCT_IOC_START, ioctl_start },
	{ FCT_IOC_STOP, ioctl_stop },
	{ FCT_IOC_STATS, ioctl_stats },
	{ FCT_IOC_PHASE, ioctl_phase },
	{ FCT_IOC_CLOSE_SYNC, ioctl_close_sync },
	{ FCT_IOC_SHRINK, ioctl_shrink },
	{ FCT_IOC_GC, ioctl_gc },
};

static long device_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ioctls); i++) {
		if (ioctls[i].command == command)
			return ioctls[i].run(file, (void __user *)arg);
	}
	return -ENOTTY;
}

static const struct file_operations device_fops = {
	.owner		= THIS_MODULE,
	.open		= device_open,
	.release	= device_release,
	.unlocked_ioctl	= device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= FCT_DEVICE_NAME,
	.fops	= &device_fops,
	.mode	= 0600,
};

static bool created;

/**
 * fct_device_create - create /dev/fctorture
 *
 * Return: 0 or a negative errno of misc_register().
 */
int fct_device_create(void)
{
	int err = misc_register(&device);

	created = !err;
	return err;
}

/**
 * fct_device_remove - remove /dev/fctorture; an open one holds the module, so nobody has it open now
 */
void fct_device_remove(void)
{
	if (created)
		misc_deregister(&device);
	created = false;
}
