// SPDX-License-Identifier: GPL-2.0
/*
 * selftest.c - runs in a guest in which nfsd serves and fctorture.ko is loaded
 *
 * selftest errors FILE       each bad input to /dev/fctorture, one by one, with FILE as a target
 * selftest fuzz SEED COUNT   that many random calls of the ioctls and of the files in debugfs
 *
 * Prints KTAP; exit status 1 if a line says "not ok".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/capability.h>

#include "fct_uapi.h"

#define DEVICE	"/dev/fctorture"
#define DEBUGFS	"/sys/kernel/debug/fctorture"

static int number, failures;

static void report(const char *what, int got, int wanted)
{
	int ok = got == wanted;

	failures += !ok;
	printf("%sok %d - %s: %s", ok ? "" : "not ", ++number, what, wanted ? strerrorname_np(wanted) : "works");
	if (!ok)
		printf(" # got %s", got ? strerrorname_np(got) : "success");
	printf("\n");
}

static int errno_of(int result)
{
	return result < 0 ? errno : 0;
}

static int try(int fd, unsigned long request, void *argument)
{
	return errno_of(ioctl(fd, request, argument));
}

static unsigned long sized(unsigned long request, size_t size)
{
	return _IOC(_IOC_DIR(request), _IOC_TYPE(request), _IOC_NR(request), size);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int err;

	if (fd < 0)
		return errno;
	err = errno_of(write(fd, text, strlen(text)));
	close(fd);
	return err;
}

/* As root without CAP_SYS_ADMIN, which no file mode can tell from root. */
static int open_without_capability(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	int status;

	fflush(stdout);
	if (fork() == 0) {
		syscall(SYS_capget, &header, data);
		data[0].effective &= ~(1u << CAP_SYS_ADMIN);
		syscall(SYS_capset, &header, data);
		_exit(errno_of(open(DEVICE, O_RDWR)));
	}
	wait(&status);
	return WEXITSTATUS(status);
}

static void try_device(int fd)
{
	struct fct_info info;
	struct {
		struct fct_start start;
		uint64_t more;
	} longer = { .start.seed = 1 };

	report("a second opener", errno_of(open(DEVICE, O_RDWR)), EBUSY);
	report("an ioctl of nobody", try(fd, _IO(FCT_IOC_MAGIC, 0x7f), NULL), ENOTTY);
	report("an ioctl of another device", try(fd, _IO('x', 0), NULL), ENOTTY);
	report("info without memory", try(fd, FCT_IOC_INFO, NULL), EFAULT);
	report("info", try(fd, FCT_IOC_INFO, &info), 0);
	report("info into a smaller struct", try(fd, sized(FCT_IOC_INFO, 8), &info), 0);
	report("start without memory", try(fd, FCT_IOC_START, NULL), EFAULT);
	longer.more = 1;
	report("a longer start that is not zero behind", try(fd, sized(FCT_IOC_START, sizeof(longer)), &longer),
	       E2BIG);
	longer.more = 0;
	report("a longer start that is zero behind", try(fd, sized(FCT_IOC_START, sizeof(longer)), &longer), 0);
	report("a second start", try(fd, FCT_IOC_START, &longer.start), EBUSY);
	report("a seed during a run", write_file(DEBUGFS "/seed", "3"), EBUSY);
	report("stop", try(fd, FCT_IOC_STOP, NULL), 0);
	report("a second stop", try(fd, FCT_IOC_STOP, NULL), 0);
	longer.start.reserved[2] = 1;
	report("start with a reserved field", try(fd, FCT_IOC_START, &longer.start), EINVAL);
}

static void try_targets(int fd, const char *path)
{
	int file = open(path, O_RDONLY), folder = open("/", O_RDONLY), name = open(path, O_PATH);
	struct fct_target target = { .fd = file };

	report("a target", try(fd, FCT_IOC_ADD_TARGET, &target), 0);
	report("the same target again", try(fd, FCT_IOC_ADD_TARGET, &target), EEXIST);
	report("its removal", try(fd, FCT_IOC_DEL_TARGET, &target), 0);
	report("its removal again", try(fd, FCT_IOC_DEL_TARGET, &target), ENOENT);
	target.reserved = 1;
	report("a target with a reserved field", try(fd, FCT_IOC_ADD_TARGET, &target), EINVAL);
	report("a removal with a reserved field", try(fd, FCT_IOC_DEL_TARGET, &target), EINVAL);
	target = (struct fct_target){ .fd = folder };
	report("a folder as a target", try(fd, FCT_IOC_ADD_TARGET, &target), EINVAL);
	target.fd = name;
	report("an O_PATH descriptor as a target", try(fd, FCT_IOC_ADD_TARGET, &target), EBADF);
	target.fd = -1;
	report("no descriptor as a target", try(fd, FCT_IOC_ADD_TARGET, &target), EBADF);
	report("no descriptor to be removed", try(fd, FCT_IOC_DEL_TARGET, &target), EBADF);
	report("a target without memory", try(fd, FCT_IOC_ADD_TARGET, NULL), EFAULT);
}

static void try_operations(int fd, const char *path)
{
	struct fct_close_sync once = { .fd = open(path, O_RDONLY) };
	struct fct_shrink_once shrink = { .nr_to_scan = 8 };
	struct fct_gc_once gc = { 0 };
	struct fct_phase_mark mark = { .phase = FCT_PHASE_LOAD };
	struct fct_stats stats;

	report("close", try(fd, FCT_IOC_CLOSE_SYNC, &once), 0);
	once.reserved = 1;
	report("close with a reserved field", try(fd, FCT_IOC_CLOSE_SYNC, &once), EINVAL);
	once = (struct fct_close_sync){ .fd = -1 };
	report("close of no descriptor", try(fd, FCT_IOC_CLOSE_SYNC, &once), EBADF);
	report("shrink", try(fd, FCT_IOC_SHRINK, &shrink), 0);
	shrink.nr_to_scan = 0;
	report("shrink of nothing", try(fd, FCT_IOC_SHRINK, &shrink), EINVAL);
	shrink.nr_to_scan = 1ULL << 31;
	report("shrink of too much", try(fd, FCT_IOC_SHRINK, &shrink), EINVAL);
	shrink = (struct fct_shrink_once){ .nr_to_scan = 1, .reserved = 1 };
	report("shrink with a reserved field", try(fd, FCT_IOC_SHRINK, &shrink), EINVAL);
	report("gc", try(fd, FCT_IOC_GC, &gc), 0);
	gc.reserved[1] = 1;
	report("gc with a reserved field", try(fd, FCT_IOC_GC, &gc), EINVAL);
	report("a phase", try(fd, FCT_IOC_PHASE, &mark), 0);
	mark.phase = FCT_PHASE_END + 1;
	report("a phase that does not exist", try(fd, FCT_IOC_PHASE, &mark), EINVAL);
	mark = (struct fct_phase_mark){ .phase = FCT_PHASE_LOAD, .reserved = 1 };
	report("a phase with a reserved field", try(fd, FCT_IOC_PHASE, &mark), EINVAL);
	report("stats", try(fd, FCT_IOC_STATS, &stats), 0);
	report("stats without memory", try(fd, FCT_IOC_STATS, NULL), EFAULT);
}

static void try_files(uint64_t capabilities)
{
	report("a knob below its least value", write_file(DEBUGFS "/close/burst", "0"), EINVAL);
	report("a knob above its greatest value", write_file(DEBUGFS "/close/threads", "65"), EINVAL);
	report("a knob that is no number", write_file(DEBUGFS "/close/gap_us", "soon"), EINVAL);
	report("run neither on nor off", write_file(DEBUGFS "/run", "2"), EINVAL);
	report("a target that is not there", write_file(DEBUGFS "/targets", "/no/such/file"), ENOENT);
	report("a folder as a target", write_file(DEBUGFS "/targets", "/"), EINVAL);
	report("a knob of what this kernel cannot do", write_file(DEBUGFS "/local/threads", "1"),
	       capabilities & FCT_CAP_LOCAL ? 0 : EOPNOTSUPP);
}

static int test_errors(const char *path)
{
	struct fct_info info = { 0 };
	int fd;

	report("opening without CAP_SYS_ADMIN", open_without_capability(), EPERM);
	fd = open(DEVICE, O_RDWR);
	report("opening", errno_of(fd), 0);
	ioctl(fd, FCT_IOC_INFO, &info);
	try_device(fd);
	try_targets(fd, path);
	try_operations(fd, path);
	try_files(info.capabilities);
	close(fd);
	printf("1..%d\n", number);
	return failures > 0;
}

#define MAX_FILES	1024

static char *files[MAX_FILES];
static int nr_files;
static uint64_t state;

static uint64_t draw(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

static int note_file(const char *path, const struct stat *stat, int type, struct FTW *where)
{
	if (type == FTW_F && nr_files < MAX_FILES)
		files[nr_files++] = strdup(path);
	return 0;
}

/* Small numbers are more often valid, so they get further. */
static uint64_t draw_value(void)
{
	return draw() % 4 ? draw() % 8 : draw();
}

static void fuzz_ioctl(int fd)
{
	static const size_t sizes[] = { 0, 4, 8, 16, 24, 32, 40, 56, 4096 };
	unsigned long request = _IOC(draw() % 4, FCT_IOC_MAGIC, draw() % 12, sizes[draw() % 9]);
	uint64_t buffer[1024];
	size_t i;

	for (i = 0; i < 8; i++)
		buffer[i] = draw_value();
	memset(buffer + 8, draw() % 2, sizeof(buffer) - 8 * sizeof(*buffer));
	ioctl(fd, request, draw() % 16 ? (void *)buffer : (void *)draw());
}

static void fuzz_file(void)
{
	const char *path = files[draw() % nr_files];
	int fd = open(path, draw() % 2 ? O_RDONLY : O_WRONLY);
	char text[4096];
	ssize_t done;

	if (fd < 0)
		return;
	done = read(fd, text, draw() % sizeof(text));
	snprintf(text, sizeof(text), draw() % 8 ? "%llu" : "/proc/self/exe %llx", (unsigned long long)draw_value());
	done += write(fd, text, draw() % (strlen(text) + 2));
	(void)done;
	close(fd);
}

static int test_fuzz(uint64_t seed, long count)
{
	int fd = open(DEVICE, O_RDWR);
	long i;

	state = seed * 2 + 1;
	nftw(DEBUGFS, note_file, 16, FTW_PHYS);
	for (i = 0; i < count; i++) {
		if (draw() % 2)
			fuzz_ioctl(fd);
		else
			fuzz_file();
		/* Whatever was set and started works for a moment only: the guest must come to an end. */
		if (i % 64 == 0)
			ioctl(fd, FCT_IOC_STOP);
	}
	report("the run stops", try(fd, FCT_IOC_STOP, NULL), 0);
	close(fd);
	printf("# %ld calls, %d files\n1..%d\n", count, nr_files, number);
	return failures > 0;
}

int main(int argc, char **argv)
{
	printf("KTAP version 1\n");
	if (argc == 3 && !strcmp(argv[1], "errors"))
		return test_errors(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "fuzz"))
		return test_fuzz(strtoull(argv[2], NULL, 0), strtol(argv[3], NULL, 0));
	fprintf(stderr, "usage: selftest errors FILE | fuzz SEED COUNT\n");
	return 2;
}
