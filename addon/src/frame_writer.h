// Writes frames to a virtio-serial port, pipe, socket or file without ever blocking where it cannot be woken.
#ifndef FCT_FRAME_WRITER_H
#define FCT_FRAME_WRITER_H

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "unique_fd.h"

namespace fct {

class FrameWriter {
 public:
  static constexpr std::chrono::milliseconds kForEver{-1};

  // Takes a duplicate of `fd`; the caller keeps its own. Throws ErrnoError.
  explicit FrameWriter(int fd);

  // Waits until something can be written, if that is wanted, or one of `others` is ready, which their
  // `revents` tell. Ends early at Wake(), maybe also for no reason. True if something can be written. Throws
  // ErrnoError.
  bool Wait(bool is_writing, std::chrono::milliseconds longest, std::vector<pollfd>* others = nullptr);
  // Writes some of it and returns how much; 0 if nothing can be written now. Only a file, which is never busy
  // for Wait(), may take its time. Throws ErrnoError for what the other end or the medium refuses (EPIPE,
  // ENOSPC).
  size_t Write(const uint8_t* data, size_t length);
  // Ends the Wait() of now, or else the next one. From any thread.
  void Wake();
  // Gives the duplicate up, so that the other end sees its end. From the writing thread.
  void Close() { fd_.Reset(); }

 private:
  enum class Sink { kFile, kPort, kPipe, kSocket };

  ssize_t WriteSome(const uint8_t* data, size_t length) const;

  UniqueFd fd_;
  UniqueFd wake_;  // eventfd
  Sink sink_ = Sink::kPort;
  std::string path_;
  std::vector<pollfd> polled_;
};

}  // namespace fct

#endif  // FCT_FRAME_WRITER_H
