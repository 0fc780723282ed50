// A file as a source of bytes for the decoder. Read, not mapped: a file that shrinks meanwhile must not end
// the process.
#ifndef FCT_FILE_SOURCE_H
#define FCT_FILE_SOURCE_H

#include <string>

#include "trace_decode_source.h"
#include "unique_fd.h"

namespace fct {

class FileSource : public ByteSource {
 public:
  // Throws ErrnoError.
  explicit FileSource(const std::string& path);

  uint64_t size() const override { return size_; }
  // Throws ErrnoError, or DecodeError TRUNCATED if the file has become shorter.
  void Read(uint64_t offset, void* to, size_t length) const override;

 private:
  std::string path_;
  UniqueFd fd_;
  uint64_t size_ = 0;
};

}  // namespace fct

#endif  // FCT_FILE_SOURCE_H
