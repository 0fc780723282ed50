#include "frame_writer.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <climits>

namespace fct {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kRetry{10};

// As poll(); a signal is as good as the end of the time.
int Poll(std::vector<pollfd>* polled, std::chrono::milliseconds longest) {
  const int ready = ::poll(polled->data(), polled->size(), static_cast<int>(longest.count()));
  if (ready >= 0 || errno != EINTR) return ready;
  for (pollfd& one : *polled) one.revents = 0;
  return 0;
}

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

bool FrameWriter::Wait(bool is_writing, std::chrono::milliseconds longest, std::vector<pollfd>* others) {
  if (is_writing && sink_ == Sink::kFile) return true;
  polled_.assign({{wake_.get(), POLLIN, 0}, {is_writing ? fd_.get() : -1, POLLOUT, 0}});
  if (others != nullptr) polled_.insert(polled_.end(), others->begin(), others->end());
  if (Poll(&polled_, longest) < 0) throw ErrnoError(errno, "poll", path_);
  const short sink = polled_[1].revents;
  if (sink == POLLHUP) {
    // A port whose host side is not connected reports this alone, at once, and a write would block; it may
    // yet be connected.
    polled_[1].fd = -1;
    const bool is_short = longest >= 0ms && longest < kRetry;
    if (Poll(&polled_, is_short ? longest : kRetry) < 0) throw ErrnoError(errno, "poll", path_);
  }
  uint64_t wakes = 0;
  if (polled_[0].revents != 0 && ::read(wake_.get(), &wakes, sizeof wakes) < 0)
    throw ErrnoError(errno, "read", "eventfd");
  if (others != nullptr) std::copy(polled_.begin() + 2, polled_.end(), others->begin());
  return (sink & (POLLOUT | POLLERR | POLLNVAL)) != 0;
}

size_t FrameWriter::Write(const uint8_t* data, size_t length) {
  const ssize_t written = WriteSome(data, length);
  if (written >= 0) return static_cast<size_t>(written);
  if (errno == EAGAIN || errno == EINTR) return 0;
  throw ErrnoError(errno, "write", path_);
}

void FrameWriter::Wake() {
  const uint64_t one = 1;
  // Cannot fail but for an overflow of the counter, and then it is readable already.
  [[maybe_unused]] const ssize_t ignored = ::write(wake_.get(), &one, sizeof one);
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
