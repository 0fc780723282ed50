#include "trace_decode_feed.h"

#include <algorithm>

namespace fct {
namespace {

constexpr uint64_t kChunk = 256u << 10;  // bytes read at once, rounded down to whole sub-buffers

}  // namespace

FeedPage SourceFeed::Next() {
  if (chunks_.empty() || used_ == chunks_.back().size()) {
    if (at_ == end_) return {};
    ReadChunk();
  }
  const FeedPage page = {chunks_.back().data() + used_, at_ - chunks_.back().size() + used_};
  used_ += page_size_;
  return page;
}

void SourceFeed::ReadChunk() {
  const uint64_t whole = std::max<uint64_t>(kChunk / page_size_, 1) * page_size_;
  chunks_.push_back(std::move(spare_));
  chunks_.back().Resize(std::min(whole, end_ - at_));
  source_.Read(at_, chunks_.back().data(), chunks_.back().size());
  at_ += chunks_.back().size();
  used_ = 0;
}

void SourceFeed::Release() {
  for (; chunks_.size() > 1; chunks_.pop_front()) spare_ = std::move(chunks_.front());
}

FeedPage QueueFeed::Next() {
  if (taken_ == pages_.size()) return {};
  const FeedPage page = {pages_[taken_++].data(), offset_};
  offset_ += pages_[taken_ - 1].size();
  return page;
}

void QueueFeed::Release() {
  for (; taken_ > 1; taken_--) pages_.pop_front();
}

}  // namespace fct
