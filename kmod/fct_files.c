// SPDX-License-Identifier: GPL-2.0
/* fct_files.c - what nfsd's tracepoints do not tell of the struct file behind a cached file */
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/pagemap.h>

#include "fct.h"
#include "fct_trace.h"

/* A struct file of a target closes for good; its last fput() may have left this to others. */
static void file_closes(struct fct_entry *entry, unsigned long file, unsigned long unused)
{
	const struct inode *inode = file_inode((const struct file *)file);

	if (trace_fct_fput_enabled() && fct_is_target(inode))
		trace_fct_fput((const void *)file, inode);
}

static struct fct_entry fput_entry = { .entered = file_closes };

/**
 * fct_files_place - see struct files close; before the hooks are placed
 *
 * Return: 0, also where it cannot be seen; else a negative errno.
 */
int fct_files_place(void)
{
	void *fput = fct_find_kernel_symbol("__fput");
	int err = fput ? fct_entry_add(&fput_entry, fput) : 0;

	return err == -EOPNOTSUPP ? 0 : err;
}

#ifdef EXPORT_OP_FLUSH_ON_CLOSE
static bool flushes_on_close(const struct inode *inode)
{
	const struct export_operations *ops = inode->i_sb->s_export_op;

	return ops && ops->flags & EXPORT_OP_FLUSH_ON_CLOSE;
}
#else
static bool flushes_on_close(const struct inode *inode)
{
	return false;
}
#endif

/**
 * fct_files_disposed - an entry was just taken off the LRU to be disposed of
 * @nf: that entry
 * @file: its struct file, which nobody has closed yet
 *
 * Tells if the close will have pages to write.
 */
void fct_files_disposed(const struct nfsd_file *nf, const struct file *file)
{
	struct inode *inode;

	if (!trace_fct_dirty_enabled() || !file || !(file->f_mode & FMODE_WRITE))
		return;
	inode = file_inode(file);
	if (!flushes_on_close(inode))
		return;
	if (mapping_tagged(file->f_mapping, PAGECACHE_TAG_DIRTY) ||
	    mapping_tagged(file->f_mapping, PAGECACHE_TAG_WRITEBACK))
		trace_fct_dirty(nf, inode, atomic_read(&inode->i_writecount));
}
