// SPDX-License-Identifier: GPL-2.0
/*
 * fct_capture.c - requests of real clients, kept to be repeated in threads of our own
 *
 * A file handle can only be used by somebody whom nfsd knows: a caller, with a transport, a namespace and
 * credentials. Both are copied when a real request has acquired a target, with references of our own on all
 * that they point to. They go before nfsd takes its file cache down (fct_gate.c), or with the target.
 */
#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sunrpc/cache.h>
#include <linux/sunrpc/svcauth.h>

#include "fct_capture.h"

#define MAX_CALLERS	64

static DEFINE_MUTEX(lock);		/* of callers */
static LIST_HEAD(callers);
static unsigned int nr_callers;
static atomic_t nr_requests = ATOMIC_INIT(0);
static atomic_t users = ATOMIC_INIT(0);

static void release_caller(struct kref *kref)
{
	struct fct_caller *caller = container_of(kref, struct fct_caller, kref);

	list_del(&caller->link);
	nr_callers--;
	mutex_unlock(&lock);
	if (caller->rqst.rq_client)
		auth_domain_put(caller->rqst.rq_client);
	put_group_info(caller->rqst.rq_cred.cr_group_info);
	svc_xprt_put(caller->rqst.rq_xprt);
	kvfree(caller);
}

/**
 * fct_caller_put - drop a reference
 * @caller: may be NULL
 */
void fct_caller_put(struct fct_caller *caller)
{
	if (caller)
		kref_put_mutex(&caller->kref, release_caller, &lock);
}

static bool is_same(const struct fct_caller *caller, const struct svc_rqst *rqstp)
{
	const struct svc_cred *a = &caller->rqst.rq_cred, *b = &rqstp->rq_cred;

	return caller->rqst.rq_xprt == rqstp->rq_xprt && caller->rqst.rq_client == rqstp->rq_client &&
	       uid_eq(a->cr_uid, b->cr_uid) && gid_eq(a->cr_gid, b->cr_gid);
}

static struct fct_caller *copy_caller(struct svc_rqst *rqstp)
{
	struct fct_caller *caller = kvmalloc(sizeof(*caller), GFP_KERNEL);

	if (!caller)
		return NULL;
	kref_init(&caller->kref);
	caller->rqst = *rqstp;
	svc_xprt_get(rqstp->rq_xprt);
	get_group_info(rqstp->rq_cred.cr_group_info);
	if (rqstp->rq_client)
		kref_get(&rqstp->rq_client->ref);
	list_add(&caller->link, &callers);
	nr_callers++;
	return caller;
}

static struct fct_caller *get_caller(struct svc_rqst *rqstp)
{
	struct fct_caller *caller;

	mutex_lock(&lock);
	list_for_each_entry(caller, &callers, link) {
		if (is_same(caller, rqstp) && kref_get_unless_zero(&caller->kref))
			goto unlock;
	}
	caller = nr_callers < MAX_CALLERS ? copy_caller(rqstp) : NULL;
unlock:
	mutex_unlock(&lock);
	return caller;
}

/**
 * fct_copy_handle - make a file handle that may be handed to nfsd
 * @to: as long as a struct svc_fh, zeroed when it was allocated; holds references that fh_put() drops
 * @from: struct svc_fh that is verified, and stays so meanwhile
 *
 * What nfsd notes in a handle as a request goes on (write access taken, attributes saved) stands behind
 * the export, and is not copied: it is not ours. An acquire notes nothing there.
 */
void fct_copy_handle(void *to, const void *from)
{
	memcpy(to, from, fct_off.fh_export + sizeof(void *));
	dget(*(struct dentry **)(to + fct_off.fh_dentry));
	/* A svc_export begins with its cache_head. */
	cache_get(*(struct cache_head **)(to + fct_off.fh_export));
}

/**
 * fct_capture_check - tell whether requests can be captured
 *
 * Return: 0, or -ENODATA if the layout of struct svc_fh is not known.
 */
int fct_capture_check(void)
{
	int pointer = sizeof(void *);

	if (fct_off.fh_dentry < 0 || fct_off.fh_export <= fct_off.fh_dentry)
		return -ENODATA;
	if (fct_off.fh_size < fct_off.fh_export + pointer || fct_off.fh_size > FCT_HANDLE_SIZE)
		return -ENODATA;
	return 0;
}

static void free_request(struct fct_request *request)
{
	fct_nfsd.fh_put((struct svc_fh *)request->handle);
	fct_caller_put(request->caller);
	kfree(request);
	atomic_dec(&nr_requests);
}

static struct fct_request *copy_request(struct svc_rqst *rqstp, struct svc_fh *fhp, unsigned int may_flags)
{
	struct fct_request *request = kzalloc(sizeof(*request), GFP_KERNEL);

	if (!request)
		return NULL;
	request->caller = get_caller(rqstp);
	if (!request->caller) {
		kfree(request);
		return NULL;
	}
	request->may_flags = may_flags;
	fct_copy_handle(request->handle, fhp);
	atomic_inc(&nr_requests);
	return request;
}

/**
 * fct_capture - keep the request that has just acquired a target, if somebody wants it and it has none yet
 * @target: NULL: nothing is done
 * @rqstp: of nfsd's thread
 * @fhp: its file handle, verified
 * @may_flags: as nfsd asked
 */
void fct_capture(struct fct_pin *target, struct svc_rqst *rqstp, struct svc_fh *fhp, unsigned int may_flags)
{
	struct fct_request *request;

	if (!target || !fct_capture_wanted() || READ_ONCE(target->request))
		return;
	if (!rqstp->rq_xprt || !rqstp->rq_cred.cr_group_info)
		return;
	request = copy_request(rqstp, fhp, may_flags);
	if (request && cmpxchg(&target->request, NULL, request))
		free_request(request);
}

/**
 * fct_capture_drop - forget a target's request; nobody uses it any more
 * @target: of which
 */
void fct_capture_drop(struct fct_pin *target)
{
	struct fct_request *request = xchg(&target->request, NULL);

	if (request)
		free_request(request);
}

/**
 * fct_capture_drop_all - forget the requests of all targets, with the gate closed
 */
void fct_capture_drop_all(void)
{
	fct_targets_visit(fct_capture_drop);
}

/**
 * fct_captured_count - how many targets have a request
 */
unsigned int fct_captured_count(void)
{
	return atomic_read(&nr_requests);
}

/**
 * fct_capture_want - say that requests are wanted from now on, until fct_capture_unwant()
 */
void fct_capture_want(void)
{
	atomic_inc(&users);
}

/**
 * fct_capture_unwant - undo fct_capture_want()
 */
void fct_capture_unwant(void)
{
	atomic_dec(&users);
}

/**
 * fct_capture_wanted - tell whether somebody wants requests; may be called with preemption off
 */
bool notrace fct_capture_wanted(void)
{
	return atomic_read(&users) > 0;
}
