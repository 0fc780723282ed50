// Owns a file descriptor.
#ifndef FCT_UNIQUE_FD_H
#define FCT_UNIQUE_FD_H

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "errno_error.h"

namespace fct {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& from) noexcept {
    std::swap(fd_, from.fd_);
    return *this;
  }
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  // The descriptor is the caller's from here on.
  int Release() { return std::exchange(fd_, -1); }
  void Reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

// open() with O_CLOEXEC; throws ErrnoError.
inline UniqueFd OpenFile(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) throw ErrnoError(errno, "open", path);
  return UniqueFd(fd);
}

// Reads to the end; for the small text files of kernel file systems, whose size is not known before. Throws
// ErrnoError.
std::string ReadWholeFile(const std::string& path);

}  // namespace fct

#endif  // FCT_UNIQUE_FD_H
