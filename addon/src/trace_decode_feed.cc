#include "trace_decode_feed.h"

#include <algorithm>

namespace fct {
namespace {

// Bytes read at once, rounded down to whole sub-buffers: few enough to stay in the processor's cache until
// they have been decoded, and many enough that system calls are cheap.
constexpr uint64_t kChunk = 64u << 10;

}  // namespace

bool SourceFeed::Next(PageChunk* chunk) {
  if (at_ == end_) return false;
  const uint64_t whole = std::max<uint64_t>(kChunk / page_size_, 1) * page_size_;
  chunk->bytes.Resize(std::min(whole, end_ - at_));
  chunk->offset = at_;
  source_.Read(at_, chunk->bytes.data(), chunk->bytes.size());
  at_ += chunk->bytes.size();
  return true;
}

bool QueueFeed::Next(PageChunk* chunk) {
  if (pages_.empty()) return false;
  chunk->bytes.Resize(0);
  chunk->offset = offset_;
  while (!pages_.empty() && chunk->bytes.size() < kChunk) {
    const Array<uint8_t>& page = pages_.front();
    const size_t at = chunk->bytes.size();
    chunk->bytes.Grow(at + page.size());
    std::copy(page.data(), page.data() + page.size(), chunk->bytes.data() + at);
    pages_.pop_front();
  }
  offset_ += chunk->bytes.size();
  return true;
}

}  // namespace fct
