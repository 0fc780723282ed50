#include "client_errors.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

namespace fct {
namespace {

struct Expected {
  int number;
  const char* syscall = nullptr;  // null: whatever failed
};

constexpr Expected kExpected[] = {
    // Clients race for names, inodes, locks and leases. EBUSY: a file that NFS has renamed until it is
    // closed; ETXTBSY: one that it could not rename (nfs_rename()).
    {ENOENT},
    {EEXIST},
    {EAGAIN},
    {EBUSY},
    {ETXTBSY, "rename"},
    {ETXTBSY, "unlink"},
    {ESTALE},
    {EFAULT, kPageFault},
    // Not every file system has everything.
    {EINVAL, kSetLease},
    {EINVAL, kCopyRange},
    {EXDEV},
    {EOPNOTSUPP},
    {ENOLCK},
    // A server in trouble, or out of something.
    {EIO},
    {EREMOTEIO},
    {ETIMEDOUT},
    {EACCES},
    {EPERM},
    {EROFS},
    {ENOSPC},
    {EDQUOT},
    {EFBIG},
    {ENOMEM},
    // A server that is away, through a soft mount.
    {ECONNREFUSED},
    {ECONNRESET},
    {ECONNABORTED},
    {ENOTCONN},
    {EPIPE},
    {EHOSTUNREACH},
    {ENETUNREACH},
    // An NFSv4 client that lost its state marks what is open as bad (fs/nfs, NFS_CONTEXT_BAD).
    {EBADF, "read"},
    {EBADF, "write"},
};

// Numbers of NFS's own, from EBADHANDLE to EJUKEBOX (include/linux/errno.h), that were not meant to get out.
constexpr int kFirstOfNfs = 521;
constexpr int kLastOfNfs = 528;

}  // namespace

bool IsExpected(const ErrnoError& error) {
  const int number = error.number();
  if (number >= kFirstOfNfs && number <= kLastOfNfs) return true;
  return std::any_of(std::begin(kExpected), std::end(kExpected), [&](const Expected& expected) {
    return expected.number == number && (expected.syscall == nullptr || error.syscall() == expected.syscall);
  });
}

void ClientErrors::Count(uint32_t thread, const char* operation, const ErrnoError& error) {
  const std::lock_guard lock(mutex_);
  counts_[operation][error.code()]++;
  if (unexpected_ || IsExpected(error)) return;
  unexpected_ = UnexpectedError{thread, operation, error.code(), error.syscall(), error.path()};
}

ClientErrors::Counts ClientErrors::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::optional<UnexpectedError> ClientErrors::unexpected() const {
  const std::lock_guard lock(mutex_);
  return unexpected_;
}

}  // namespace fct
