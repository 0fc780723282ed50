#include "trace_decode_cpu.h"

#include <algorithm>

namespace fct {

// False if there is none; the state says for how long.
bool CpuCursor::OpenPage() {
  const FeedPage page = feed_->Next();
  if (page.bytes == nullptr) {
    state_ = feed_->is_ended() ? State::kEnded : State::kStarved;
    time_ = std::max(time_, feed_->quiet_until());
    // A gap at the very end has no event behind it.
    if (state_ == State::kEnded && open_gap_) CloseGap(Gap::kNoEventAfter);
    return false;
  }
  const uint64_t place = Place(cpu_, page.offset).packed();
  const PageHeader header = ReadPageHeader(layout_, page.bytes, place);
  summary_.pages++;
  if (header.missed_before) OpenGap(header);
  walker_.emplace(layout_, header, page.bytes, place);
  return true;
}

// Pages without events may follow each other; what was missed before any of them is one gap.
void CpuCursor::OpenGap(const PageHeader& header) {
  if (!open_gap_) open_gap_ = Gap{cpu_, last_event_, Gap::kNoEventAfter, true, 0};
  open_gap_->is_counted = open_gap_->is_counted && header.missed.has_value();
  open_gap_->missed += header.missed.value_or(0);
}

void CpuCursor::CloseGap(uint64_t before) {
  open_gap_->before = before;
  gaps_.push_back(*open_gap_);
  open_gap_.reset();
}

}  // namespace fct
