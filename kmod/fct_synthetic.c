// SPDX-License-Identifier: GPL-2.0
/*
 * fct_synthetic.c - acquire and put with a captured request, in threads of our own
 *
 * A copy of a real client's request is all that nfsd's acquire looks at, so no client and no transport is
 * in the way: it is called as fast as the CPU goes. `local` does the same as LOCALIO would, without a
 * request.
 */
#include <linux/delay.h>
#include <linux/mm.h>

#include "fct_capture.h"

#define MAX_HOLD_US	1000000

static struct fct_pace pace = { .gap_us = 1000, .burst = 1 };
static struct fct_pace local_pace = { .gap_us = 1000, .burst = 1 };
static unsigned int hold_us, local_hold_us;
static unsigned int plain;

/* A thread's own copies: nfsd writes to what it is given. */
struct scratch {
	struct fct_caller *caller;	/* of whom rqst is a copy */
	struct svc_rqst rqst;
	u8 handle[FCT_HANDLE_SIZE] __aligned(8);
};

/**
 * fct_scratch_alloc - what a thread needs for fct_acquire_captured(); requests are captured from now on
 *
 * Return: NULL if there is no memory.
 */
void *fct_scratch_alloc(void)
{
	struct scratch *scratch = kvzalloc(sizeof(*scratch), GFP_KERNEL);

	if (scratch)
		fct_capture_want();
	return scratch;
}

/**
 * fct_scratch_free - undo fct_scratch_alloc()
 * @private: may be NULL
 */
void fct_scratch_free(void *private)
{
	struct scratch *scratch = private;

	if (!scratch)
		return;
	fct_capture_unwant();
	fct_caller_put(scratch->caller);
	kvfree(scratch);
}

static void use_caller(struct scratch *scratch, struct fct_caller *caller)
{
	if (scratch->caller == caller)
		return;
	fct_caller_put(scratch->caller);
	kref_get(&caller->kref);
	scratch->caller = caller;
	scratch->rqst = caller->rqst;
}

static __be32 acquire(struct scratch *scratch, enum fct_stressor_id id, unsigned int may_flags,
		      struct nfsd_file **nf)
{
	struct svc_fh *fhp = (struct svc_fh *)scratch->handle;
	struct svc_rqst *rqstp = &scratch->rqst;

	if (id == FCT_LOCAL)
		return fct_nfsd.acquire_local(SVC_NET(rqstp), &rqstp->rq_cred, rqstp->rq_client, fhp,
					      may_flags, nf);
	if (fct_nfsd.acquire_gc && !READ_ONCE(plain))
		return fct_nfsd.acquire_gc(rqstp, fhp, may_flags, nf);
	return fct_nfsd.acquire(rqstp, fhp, may_flags, nf);
}

static void hold(unsigned int us)
{
	if (us)
		usleep_range(us, us + us / 8 + 1);
}

/**
 * fct_acquire_captured - one acquire and put of a target, with its captured request
 * @private: of fct_scratch_alloc(), this thread's
 * @id: FCT_SYNTHETIC or FCT_LOCAL
 * @target: held by the caller
 *
 * The thread's credentials are the client's afterwards, as those of nfsd's threads are.
 *
 * Return: whether it was acquired; false without anything done if the target has no request yet.
 */
bool fct_acquire_captured(void *private, enum fct_stressor_id id, struct fct_pin *target)
{
	struct fct_request *request = READ_ONCE(target->request);
	struct scratch *scratch = private;
	struct nfsd_file *nf = NULL;
	struct fct_window window;
	bool acquired;

	if (!request)
		return false;
	use_caller(scratch, request->caller);
	fct_copy_handle(scratch->handle, request->handle);
	fct_window_enter(&window, id, target);
	acquired = acquire(scratch, id, request->may_flags, &nf) == 0;
	if (acquired) {
		hold(READ_ONCE(*(id == FCT_LOCAL ? &local_hold_us : &hold_us)));
		fct_nfsd.put(nf);
	}
	fct_window_leave(&window, acquired);
	fct_nfsd.fh_put((struct svc_fh *)scratch->handle);
	return acquired;
}

static void acquire_once(struct fct_worker *worker)
{
	struct fct_pin *target = fct_target_pick(fct_random(worker) >> 32, 0);

	if (!target)
		return;
	fct_acquire_captured(worker->private, worker->stressor->id, target);
	fct_target_put(target);
}

static int setup(struct fct_worker *worker)
{
	worker->private = fct_scratch_alloc();
	return worker->private ? 0 : -ENOMEM;
}

static void teardown(struct fct_worker *worker)
{
	fct_scratch_free(worker->private);
}

static const struct fct_knob knobs[] = {
	FCT_PACE_KNOBS(pace, FCT_CAP_SYNTHETIC),
	{ "hold_us", &hold_us, 0, MAX_HOLD_US, FCT_CAP_SYNTHETIC },
	{ "plain", &plain, 0, 1, FCT_CAP_SYNTHETIC },
	{ }
};

const struct fct_stressor fct_synthetic = {
	.name		= "synthetic",
	.id		= FCT_SYNTHETIC,
	.needs		= FCT_SYM_ACQUIRE | FCT_SYM_PUT | FCT_SYM_FH_PUT,
	.knobs		= knobs,
	.pace		= &pace,
	.once		= acquire_once,
	.place		= fct_capture_check,
	.setup		= setup,
	.teardown	= teardown,
};

static const struct fct_knob local_knobs[] = {
	FCT_PACE_KNOBS(local_pace, FCT_CAP_LOCAL),
	{ "hold_us", &local_hold_us, 0, MAX_HOLD_US, FCT_CAP_LOCAL },
	{ }
};

const struct fct_stressor fct_local = {
	.name		= "local",
	.id		= FCT_LOCAL,
	.needs		= FCT_SYM_ACQUIRE_LOCAL | FCT_SYM_PUT | FCT_SYM_FH_PUT,
	.knobs		= local_knobs,
	.pace		= &local_pace,
	.once		= acquire_once,
	.place		= fct_capture_check,
	.setup		= setup,
	.teardown	= teardown,
};
