// A trace.dat that has not been put together: its head, and the files that will follow it.
#ifndef FCT_JOINED_SOURCE_H
#define FCT_JOINED_SOURCE_H

#include <string>
#include <vector>

#include "file_source.h"

namespace fct {

class JoinedSource : public ByteSource {
 public:
  explicit JoinedSource(std::string head) : head_(std::move(head)), size_(head_.size()) {}

  // Adds the first `size` bytes of a file; it may grow meanwhile. Throws ErrnoError, or DecodeError TRUNCATED
  // if it has fewer.
  void Append(const std::string& path, uint64_t size);

  uint64_t size() const override { return size_; }
  void Read(uint64_t offset, void* to, size_t length) const override;

 private:
  struct Part {
    uint64_t begin;
    FileSource file;
  };

  std::string head_;
  std::vector<Part> parts_;
  uint64_t size_;
};

}  // namespace fct

#endif  // FCT_JOINED_SOURCE_H
