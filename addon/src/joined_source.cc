#include "joined_source.h"

#include <algorithm>
#include <cstring>

namespace fct {

void JoinedSource::Append(const std::string& path, uint64_t size) {
  FileSource file(path);
  if (file.size() < size) throw DecodeError("TRUNCATED", size_ + file.size(), path + " has become shorter");
  parts_.push_back({size_, std::move(file)});
  size_ += size;
}

void JoinedSource::Read(uint64_t offset, void* to, size_t length) const {
  auto* at = static_cast<uint8_t*>(to);
  const auto from_head = std::min<uint64_t>(length, head_.size() - std::min<uint64_t>(offset, head_.size()));
  if (from_head > 0) std::memcpy(at, head_.data() + offset, from_head);
  for (size_t i = 0; i < parts_.size(); i++) {
    const uint64_t end = i + 1 < parts_.size() ? parts_[i + 1].begin : size_;
    const uint64_t begin = std::max(offset, parts_[i].begin);
    const uint64_t stop = std::min(offset + length, end);
    if (begin < stop) parts_[i].file.Read(begin - parts_[i].begin, at + (begin - offset), stop - begin);
  }
}

}  // namespace fct
