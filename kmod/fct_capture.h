/* SPDX-License-Identifier: GPL-2.0 */
/* fct_capture.h - requests of real clients, for those who repeat them */
#ifndef FCT_CAPTURE_H
#define FCT_CAPTURE_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/sunrpc/svc.h>
#include <linux/sunrpc/svc_xprt.h>

#include "fct.h"

#define FCT_HANDLE_SIZE		768	/* of a struct svc_fh, at most */

/* Who asks. Holds its transport, group list and client. */
struct fct_caller {
	struct kref kref;
	struct list_head link;
	struct svc_rqst rqst;
};

/* What is asked for. Its handle holds dentry and export. */
struct fct_request {
	struct fct_caller *caller;
	unsigned int may_flags;
	u8 handle[FCT_HANDLE_SIZE] __aligned(8);
};

void fct_caller_put(struct fct_caller *caller);
void fct_copy_handle(void *to, const void *from);

#endif /* FCT_CAPTURE_H */
