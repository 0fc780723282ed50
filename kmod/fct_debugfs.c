// SPDX-License-Identifier: GPL-2.0
/* fct_debugfs.c - the face for people and scripts: /sys/kernel/debug/fctorture */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fct.h"

static struct dentry *root;

static int knob_get(void *data, u64 *value)
{
	const struct fct_knob *knob = data;

	*value = READ_ONCE(*knob->value);
	return 0;
}

static int knob_set(void *data, u64 value)
{
	const struct fct_knob *knob = data;

	if (!fct_can(knob->capability))
		return -EOPNOTSUPP;
	if (value < knob->min || value > knob->max)
		return -EINVAL;
	WRITE_ONCE(*knob->value, value);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(knob_fops, knob_get, knob_set, "%llu\n");

static int run_get(void *data, u64 *value)
{
	*value = READ_ONCE(fct_active);
	return 0;
}

static int run_set(void *data, u64 value)
{
	if (value > 1)
		return -EINVAL;
	if (value == 1)
		return fct_run_start(READ_ONCE(fct_seed), NULL);
	fct_run_stop(FCT_ANYONE);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(run_fops, run_get, run_set, "%llu\n");

static int seed_get(void *data, u64 *value)
{
	*value = READ_ONCE(fct_seed);
	return 0;
}

/* Not during a run: the seed is what its threads draw from. */
static int seed_set(void *data, u64 value)
{
	if (READ_ONCE(fct_active))
		return -EBUSY;
	WRITE_ONCE(fct_seed, value);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(seed_fops, seed_get, seed_set, "%llu\n");

static int capabilities_show(struct seq_file *m, void *unused)
{
	fct_capabilities_show(m);
	fct_observe_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(capabilities);

static void show_exposure(struct seq_file *m, const struct fct_stats *stats)
{
	int a, b;

	for (a = 0; a < FCT_NR_STRESSORS; a++) {
		for (b = a; b < FCT_NR_STRESSORS; b++)
			seq_printf(m, "exposure %s*%s %llu\n", fct_stressors[a]->name,
				   fct_stressors[b]->name, stats->exposure[a][b]);
	}
}

static int stats_show(struct seq_file *m, void *unused)
{
	struct fct_stats stats;
	int i;

	fct_stats_fill(&stats);
	seq_printf(m, "running %u\ntargets %u\n", stats.running, stats.nr_targets);
	for (i = 0; i < FCT_NR_STRESSORS; i++)
		seq_printf(m, "%s called %llu useful %llu raced %llu\n", fct_stressors[i]->name,
			   stats.stressor[i].called, stats.stressor[i].useful, stats.stressor[i].raced);
	show_exposure(m, &stats);
	seq_printf(m, "observed %llu\nbusted %llu\n", stats.observed, stats.busted);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int targets_show(struct seq_file *m, void *unused)
{
	fct_targets_show(m);
	return 0;
}

static int targets_open(struct inode *inode, struct file *file)
{
	return single_open(file, targets_show, NULL);
}

static int add_target(const char *name)
{
	struct path path;
	int err = kern_path(name, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = fct_target_add(&path, NULL);
	path_put(&path);
	return err;
}

/* A path adds a target, an empty line drops all that were added here. */
static ssize_t targets_write(struct file *file, const char __user *buffer, size_t count, loff_t *pos)
{
	char *line, *name;
	int err = 0;

	if (count >= PATH_MAX)
		return -ENAMETOOLONG;
	line = memdup_user_nul(buffer, count);
	if (IS_ERR(line))
		return PTR_ERR(line);
	name = strim(line);
	if (*name)
		err = add_target(name);
	else
		fct_targets_drop(NULL);
	kfree(line);
	return err ?: count;
}

static const struct file_operations targets_fops = {
	.owner		= THIS_MODULE,
	.open		= targets_open,
	.read		= seq_read,
	.write		= targets_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static void create_stressor(const struct fct_stressor *stressor)
{
	struct dentry *folder = debugfs_create_dir(stressor->name, root);
	const struct fct_knob *knob;

	for (knob = stressor->knobs; knob->name; knob++)
		debugfs_create_file(knob->name, 0600, folder, (void *)knob, &knob_fops);
}

/**
 * fct_debugfs_create - create all files; as usual with debugfs, failing to is not an error
 */
void fct_debugfs_create(void)
{
	int i;

	root = debugfs_create_dir("fctorture", NULL);
	debugfs_create_file("capabilities", 0400, root, NULL, &capabilities_fops);
	debugfs_create_file("stats", 0400, root, NULL, &stats_fops);
	debugfs_create_file("targets", 0600, root, NULL, &targets_fops);
	debugfs_create_file("run", 0600, root, NULL, &run_fops);
	debugfs_create_file("seed", 0600, root, NULL, &seed_fops);
	for (i = 0; i < FCT_NR_STRESSORS; i++)
		create_stressor(fct_stressors[i]);
}

/**
 * fct_debugfs_remove - remove all files, and wait until nobody is in one of them
 */
void fct_debugfs_remove(void)
{
	debugfs_remove_recursive(root);
	root = NULL;
}
