#include "frame_writer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <climits>

namespace fct {
namespace {

constexpr int kRetryMs = 10;

std::string PathOf(int fd) {
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), path, sizeof path);
  return length < 0 ? std::string() : std::string(path, static_cast<size_t>(length));
}

}  // namespace

FrameWriter::FrameWriter(int fd) : fd_(::fcntl(fd, F_DUPFD_CLOEXEC, 0)) {
  struct stat status = {};
  if (!fd_.is_open() || ::fstat(fd_.get(), &status) < 0) throw ErrnoError(errno, "dup", "");
  path_ = PathOf(fd);
  if (S_ISREG(status.st_mode)) sink_ = Sink::kFile;
  if (S_ISFIFO(status.st_mode)) sink_ = Sink::kPipe;
  if (S_ISSOCK(status.st_mode)) sink_ = Sink::kSocket;
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.is_open()) throw ErrnoError(errno, "eventfd", "");
}

bool FrameWriter::Write(const uint8_t* data, size_t length) {
  while (length > 0) {
    if (!WaitUntilWritable()) return false;
    const ssize_t written = WriteSome(data, length);
    if (written > 0) {
      data += written;
      length -= static_cast<size_t>(written);
    } else if (written < 0 && errno != EAGAIN && errno != EINTR) {
      throw ErrnoError(errno, "write", path_);
    }
  }
  return true;
}

void FrameWriter::Cancel() {
  const uint64_t one = 1;
  // Cannot fail but for an overflow of the counter, and then it is readable already.
  [[maybe_unused]] const ssize_t ignored = ::write(wake_.get(), &one, sizeof one);
}

// A port whose host side is not connected reports POLLHUP alone, and a write would block; it may yet be
// connected.
bool FrameWriter::WaitUntilWritable() {
  if (sink_ == Sink::kFile) return true;
  for (;;) {
    pollfd polled[] = {{fd_.get(), POLLOUT, 0}, {wake_.get(), POLLIN, 0}};
    if (::poll(polled, 2, -1) < 0 && errno != EINTR) throw ErrnoError(errno, "poll", path_);
    if ((polled[1].revents & POLLIN) != 0) return false;
    if ((polled[0].revents & (POLLOUT | POLLERR | POLLNVAL)) != 0) return true;
    ::poll(&polled[1], 1, kRetryMs);
  }
}

// The descriptor's flags are the caller's, so that it may be a blocking one: then a writable pipe takes
// PIPE_BUF bytes at once (pipe(7)), a socket is told not to wait, and virtio_console's port_fops_write() does
// not wait after POLLOUT.
ssize_t FrameWriter::WriteSome(const uint8_t* data, size_t length) const {
  switch (sink_) {
    case Sink::kPipe:
      return ::write(fd_.get(), data, std::min<size_t>(length, PIPE_BUF));
    case Sink::kSocket:
      return ::send(fd_.get(), data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    default:
      return ::write(fd_.get(), data, length);
  }
}

}  // namespace fct
