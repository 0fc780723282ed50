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

static struct settings {
	struct fct_pace pace;
	unsigned int hold_us;
} synthetic = { .pace = { .gap_us = 1000, .burst = 1 } }, local = { .pace = { .gap_us = 1000, .burst = 1 } };

static unsigned int plain;
static const unsigned int seek;		/* none: being acquired is what others look for */

/* A thread's own copies: nfsd writes to what it is given. */
struct scratch {
	struct fct_caller *caller;	/* of whom rqst is a copy */
	struct svc_rqst rqst;
	u8 handle[FCT_HANDLE_SIZE] __aligned(8);
};

/**
 * fct_scratch_alloc - @setup of whoever acquires with captured requests; they are captured from now on
 * @worker: gets it as its private data
 *
 * Return: 0 or -ENOMEM.
 */
int fct_scratch_alloc(struct fct_worker *worker)
{
	struct scratch *scratch = kvzalloc(sizeof(*scratch), GFP_KERNEL);

	if (!scratch)
		return -ENOMEM;
	worker->private = scratch;
	fct_capture_want();
	return 0;
}

/**
 * fct_scratch_free - @teardown that undoes fct_scratch_alloc()
 * @worker: its thread is gone
 */
void fct_scratch_free(struct fct_worker *worker)
{
	struct scratch *scratch = worker->private;

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

/* The thread's credentials are the client's afterwards, as those of nfsd's threads are. */
static void acquire_and_put(const struct fct_stressor *stressor, struct scratch *scratch,
			    const struct fct_request *request, struct fct_pin *target)
{
	const struct settings *settings = container_of(stressor->pace, struct settings, pace);
	struct nfsd_file *nf = NULL;
	struct fct_window window;
	bool acquired;

	use_caller(scratch, request->caller);
	fct_copy_handle(scratch->handle, request->handle);
	fct_window_enter(&window, stressor->id, target);
	acquired = acquire(scratch, stressor->id, request->may_flags, &nf) == 0;
	if (acquired) {
		hold(READ_ONCE(settings->hold_us));
		fct_nfsd.put(nf);
	}
	fct_window_leave(&window, acquired);
	fct_nfsd.fh_put((struct svc_fh *)scratch->handle);
}

/* Nothing is done, and nothing counted, if no client has acquired the target yet. */
static void operate(const struct fct_stressor *stressor, struct fct_worker *worker, struct fct_pin *target)
{
	const struct fct_request *request = READ_ONCE(target->request);

	if (request)
		acquire_and_put(stressor, worker->private, request, target);
}

static const struct fct_knob knobs[] = {
	FCT_PACE_KNOBS(synthetic.pace, FCT_CAP_SYNTHETIC),
	{ "hold_us", &synthetic.hold_us, 0, MAX_HOLD_US, FCT_CAP_SYNTHETIC },
	{ "plain", &plain, 0, 1, FCT_CAP_SYNTHETIC },
	{ }
};

const struct fct_stressor fct_synthetic = {
	.name		= "synthetic",
	.id		= FCT_SYNTHETIC,
	.needs		= FCT_SYM_ACQUIRE | FCT_SYM_PUT | FCT_SYM_FH_PUT,
	.knobs		= knobs,
	.pace		= &synthetic.pace,
	.seek		= &seek,
	.operate	= operate,
	.place		= fct_capture_check,
	.setup		= fct_scratch_alloc,
	.teardown	= fct_scratch_free,
};

static const struct fct_knob local_knobs[] = {
	FCT_PACE_KNOBS(local.pace, FCT_CAP_LOCAL),
	{ "hold_us", &local.hold_us, 0, MAX_HOLD_US, FCT_CAP_LOCAL },
	{ }
};

const struct fct_stressor fct_local = {
	.name		= "local",
	.id		= FCT_LOCAL,
	.needs		= FCT_SYM_ACQUIRE_LOCAL | FCT_SYM_PUT | FCT_SYM_FH_PUT,
	.knobs		= local_knobs,
	.pace		= &local.pace,
	.seek		= &seek,
	.operate	= operate,
	.place		= fct_capture_check,
	.setup		= fct_scratch_alloc,
	.teardown	= fct_scratch_free,
};
