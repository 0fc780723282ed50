// Writes frames to a virtio-serial port, pipe, socket or file without ever blocking where it cannot be woken.
#ifndef FCT_FRAME_WRITER_H
#define FCT_FRAME_WRITER_H

#include <cstddef>
#include <cstdint>
#include <string>

#include "unique_fd.h"

namespace fct {

class FrameWriter {
 public:
  // Takes a duplicate of `fd`; the caller keeps its own. Throws ErrnoError.
  explicit FrameWriter(int fd);

  // Writes all of it; short writes, EAGAIN, EINTR and 0 bytes are retried. False if Cancel() came first.
  // Throws ErrnoError for what the other end or the medium refuses (EPIPE, ENOSPC).
  bool Write(const uint8_t* data, size_t length);
  // Ends Write(), now and later. From any thread.
  void Cancel();
  // Gives the duplicate up, so that the other end sees its end. From the writing thread.
  void Close() { fd_.Reset(); }

 private:
  enum class Sink { kFile, kPort, kPipe, kSocket };

  bool WaitUntilWritable();
  ssize_t WriteSome(const uint8_t* data, size_t length) const;

  UniqueFd fd_;
  UniqueFd wake_;  // eventfd
  Sink sink_ = Sink::kPort;
  std::string path_;
};

}  // namespace fct

#endif  // FCT_FRAME_WRITER_H
