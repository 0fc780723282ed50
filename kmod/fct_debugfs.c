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
	fct_inject_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(capabilities);

static void show_exposure(struct seq_file *m, const struct fct_stats *stats)
{
	int a, b;

	for (a = 0; a < FCT_NR_STRESSORS; a++) {
		for (b = a; b < FCT_NR_STRESSORS; b++) {
			if (stats->exposure[a][b] == 0)
				continue;
			seq_printf(m, "exposure %s*%s %llu\n", fct_stressors[a]->name,
				   fct_stressors[b]->name, stats->exposure[a][b]);
		}
	}
}

static void show_stats(struct seq_file *m, const struct fct_stats *stats)
{
	int i;

	seq_printf(m, "running %u\nnfsd_up %u\ntargets %u\ncaptured %u\n", stats->running, stats->nfsd_up,
		   stats->nr_targets, stats->nr_captured);
	for (i = 0; i < FCT_NR_STRESSORS; i++)
		seq_printf(m, "%s called %llu useful %llu raced %llu\n", fct_stressors[i]->name,
			   stats->stressor[i].called, stats->stressor[i].useful, stats->stressor[i].raced);
	show_exposure(m, stats);
	seq_printf(m, "sweep step %u offset_ns %lld\n", stats->sweep.step, stats->sweep.offset_ns);
	seq_printf(m, "observed %llu\nbusted %llu\ninjected %llu\n", stats->observed, stats->busted,
		   stats->injected);
	seq_printf(m, "pct rounds %u cut %u passes %llu threads %u left_out %u\n", stats->pct.rounds,
		   stats->pct.cut, stats->pct.passes, stats->pct.threads, stats->pct.left_out);
}

static int stats_show(struct seq_file *m, void *unused)
{
	struct fct_stats *stats = kmalloc(sizeof(*stats), GFP_KERNEL);

	if (!stats)
		return -ENOMEM;
	fct_stats_fill(stats);
	show_stats(m, stats);
	kfree(stats);
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

static void create_knobs(struct dentry *folder, const struct fct_knob *knob)
{
	for (; knob->name; knob++)
		debugfs_create_file(knob->name, 0600, folder, (void *)knob, &knob_fops);
}

static void create_point(const char *name, const struct fct_knob *knobs, void *inject)
{
	create_knobs(name ? debugfs_create_dir(name, inject) : inject, knobs);
}

static const char help[] =
	"echo /export/file > targets    add a target; an empty line drops all that were added here\n"
	"cat capabilities               what works on this kernel, and why the rest does not\n"
	"echo 4 > close/threads         from the next start on; all other knobs count at once\n"
	"echo 1000 > close/gap_us       mean pause of a thread after each burst\n"
	"echo 10 > close/burst          operations between two pauses\n"
	"echo 3 > close/cpus            mask of the CPUs that the threads are bound to, 0: all by turns\n"
	"echo 7 > seed                  what all that is random follows from\n"
	"echo 1 > run                   start; echo 0 > run stops\n"
	"cat stats                      counters since the module was loaded\n"
	"inject/POINT/                  rate_ppm of a million, mode 0 nothing 1 spin 2 resched,\n"
	"                               shape 0 fixed 1 uniform 2 log-uniform, min_ns, max_ns;\n"
	"                               a tracepoint's that was 0: from the next start on\n"
	"inject/targets_only            1: only where nfsd works on a target\n"
	"inject/budget_us               of delays in each second\n"
	"inject/strategy                0 random: at the rates; 1 pct: random priorities instead, on one CPU\n"
	"inject/depth, inject/steps     of pct: the bug's depth, passes of points in a round\n"
	"rendezvous/partyN              kind of its Nth thread: 0 close 2 shrink 3 gc 4 synthetic 5 local\n"
	"                               6 lease 7 fsnotify\n";

static int help_show(struct seq_file *m, void *unused)
{
	seq_puts(m, help);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(help);

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
	debugfs_create_file("help", 0400, root, NULL, &help_fops);
	for (i = 0; i < FCT_NR_STRESSORS; i++)
		create_knobs(debugfs_create_dir(fct_stressors[i]->name, root), fct_stressors[i]->knobs);
	fct_inject_visit(create_point, debugfs_create_dir("inject", root));
}

/**
 * fct_debugfs_remove - remove all files, and wait until nobody is in one of them
 */
void fct_debugfs_remove(void)
{
	debugfs_remove_recursive(root);
	root = NULL;
}
