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
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/path.h>
#include <linux/printk.h>
#include <linux/slab.h>
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

static long ioctl_info(struct file *file, void *data)
{
	struct fct_info *info = data;

	info->abi = FCT_ABI_VERSION;
	info->nr_stressors = FCT_NR_STRESSORS;
	info->capabilities = fct_capabilities();
	return 0;
}

/* An O_PATH descriptor is refused like one that is not open: -EBADF. */
static long with_file(const struct fct_target *target, const void *owner,
		      int (*act)(const struct path *path, const void *owner))
{
	struct file *tortured;
	long err;

	if (target->reserved)
		return -EINVAL;
	tortured = fget(target->fd);
	if (!tortured)
		return -EBADF;
	err = act(&tortured->f_path, owner);
	fput(tortured);
	return err;
}

static int remove_target(const struct path *path, const void *owner)
{
	return fct_target_remove(d_inode(path->dentry));
}

static long ioctl_add_target(struct file *file, void *data)
{
	return with_file(data, file, fct_target_add);
}

static long ioctl_del_target(struct file *file, void *data)
{
	return with_file(data, file, remove_target);
}

static long ioctl_start(struct file *file, void *data)
{
	const struct fct_start *start = data;

	if (memchr_inv(start->reserved, 0, sizeof(start->reserved)))
		return -EINVAL;
	return fct_run_start(start->seed, file);
}

static long ioctl_stop(struct file *file, void *data)
{
	fct_run_stop(FCT_ANYONE);
	return 0;
}

static long ioctl_stats(struct file *file, void *data)
{
	fct_stats_fill(data);
	return 0;
}

/* On the console as well: after a crash it alone tells where the run stood. */
static long ioctl_phase(struct file *file, void *data)
{
	static const char * const names[] = {
		[FCT_PHASE_LOAD] = "load",
		[FCT_PHASE_QUIET] = "quiet",
		[FCT_PHASE_SHUTDOWN] = "shutdown",
		[FCT_PHASE_END] = "end",
	};
	const struct fct_phase_mark *mark = data;

	if (mark->reserved || mark->phase < FCT_PHASE_LOAD || mark->phase > FCT_PHASE_END)
		return -EINVAL;
	trace_fct_phase(mark->phase);
	pr_alert("phase %s ms=%u\n", names[mark->phase], fct_ms());
	return 0;
}

static void close_sync(struct fct_close_sync *once, struct inode *inode)
{
	struct fct_pin *target = fct_target_find(inode);

	once->cached_before = fct_close_inode(&fct_close, inode, target);
	once->cached_after = fct_nfsd.is_cached(inode);
	fct_target_put(target);
}

static long ioctl_close_sync(struct file *file, void *data)
{
	struct fct_close_sync *once = data;
	struct file *tortured;

	if (!fct_can(FCT_CAP_CLOSE))
		return -EOPNOTSUPP;
	if (once->reserved)
		return -EINVAL;
	tortured = fget(once->fd);
	if (!tortured)
		return -EBADF;
	close_sync(once, file_inode(tortured));
	fput(tortured);
	return 0;
}

static long ioctl_shrink(struct file *file, void *data)
{
	struct fct_shrink_once *once = data;

	if (!fct_can(FCT_CAP_SHRINK))
		return -EOPNOTSUPP;
	if (once->reserved || once->nr_to_scan == 0 || once->nr_to_scan > INT_MAX)
		return -EINVAL;
	once->freed = fct_shrink_scan(once->nr_to_scan);
	once->lru_after = fct_lru_count();
	return 0;
}

static long ioctl_gc(struct file *file, void *data)
{
	struct fct_gc_once *once = data;
	unsigned long before, after;

	if (!fct_can(FCT_CAP_GC))
		return -EOPNOTSUPP;
	if (memchr_inv(once->reserved, 0, sizeof(once->reserved)))
		return -EINVAL;
	fct_gc_collect(&before, &after);
	once->lru_before = before;
	once->lru_after = after;
	return 0;
}

static const struct request {
	unsigned int command;
	bool gated;		/* works on nfsd's file cache: -ENODEV while that is not up */
	long (*run)(struct file *file, void *data);
} requests[] = {
	{ FCT_IOC_INFO, false, ioctl_info },
	{ FCT_IOC_ADD_TARGET, false, ioctl_add_target },
	{ FCT_IOC_DEL_TARGET, false, ioctl_del_target },
	{ FCT_IOC_START, false, ioctl_start },
	{ FCT_IOC_STOP, false, ioctl_stop },
	{ FCT_IOC_STATS, false, ioctl_stats },
	{ FCT_IOC_PHASE, false, ioctl_phase },
	{ FCT_IOC_CLOSE_SYNC, true, ioctl_close_sync },
	{ FCT_IOC_SHRINK, true, ioctl_shrink },
	{ FCT_IOC_GC, true, ioctl_gc },
};

/* All but the size, which is the caller's. */
static bool is_same(unsigned int a, unsigned int b)
{
	return _IOC_TYPE(a) == _IOC_TYPE(b) && _IOC_NR(a) == _IOC_NR(b) && _IOC_DIR(a) == _IOC_DIR(b);
}

static const struct request *find_request(unsigned int command)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		if (is_same(requests[i].command, command))
			return &requests[i];
	}
	return NULL;
}

static long run_gated(const struct request *request, struct file *file, void *data)
{
	long err;

	if (!request->gated)
		return request->run(file, data);
	if (!fct_gate_enter(FCT_GATE_NET))
		return -ENODEV;
	err = request->run(file, data);
	fct_gate_leave(FCT_GATE_NET);
	return err;
}

static long exchange(const struct request *request, struct file *file, void __user *arg, size_t theirs)
{
	size_t ours = _IOC_SIZE(request->command);
	void *data = kzalloc(ours ?: 1, GFP_KERNEL);
	long err = 0;

	if (!data)
		return -ENOMEM;
	if (_IOC_DIR(request->command) & _IOC_WRITE)
		err = copy_struct_from_user(data, ours, arg, theirs);
	if (!err)
		err = run_gated(request, file, data);
	if (!err && _IOC_DIR(request->command) & _IOC_READ && copy_to_user(arg, data, min(ours, theirs)))
		err = -EFAULT;
	kfree(data);
	return err;
}

static long device_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	const struct request *request = find_request(command);

	if (!request)
		return -ENOTTY;
	return exchange(request, file, (void __user *)arg, _IOC_SIZE(command));
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
