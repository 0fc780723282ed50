#include "frame_pool.h"

#include <algorithm>
#include <cstring>

#include "frame_checksum.h"

namespace fct {

FramePool::FramePool(size_t bytes, size_t largest)
    : largest_(sizeof(FrameHeader) + largest),
      size_(std::max(bytes, 2 * largest_)),
      memory_(new uint8_t[size_]) {}  // not initialised: what is never needed of it costs nothing

uint8_t* FramePool::Room() {
  if (!is_wrapped_ && size_ - write_ < largest_ && read_ >= largest_) {
    end_ = write_;
    write_ = 0;
    is_wrapped_ = true;
  }
  if ((is_wrapped_ ? read_ : size_) - write_ < largest_) return nullptr;
  return memory_.get() + write_ + sizeof(FrameHeader);
}

void FramePool::Add(FrameHeader header) {
  uint8_t* const frame = memory_.get() + write_;
  header.checksum = FrameChecksum(frame + sizeof header, header.length);
  std::memcpy(frame, &header, sizeof header);
  write_ += sizeof header + header.length;
}

void FramePool::Remove(size_t length) {
  read_ += length;
  if (is_wrapped_ && read_ == end_) {
    read_ = 0;
    is_wrapped_ = false;
  }
  if (is_empty()) read_ = write_ = 0;
}

}  // namespace fct
