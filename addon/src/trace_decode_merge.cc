#include "trace_decode_merge.h"

#include <algorithm>
#include <functional>

namespace fct {

CpuCursor* CpuMerge::NextInHeap() {
  if (current_ != nullptr && current_->state() != CpuCursor::State::kEnded) Push(*current_);
  current_ = nullptr;
  while (!heads_.empty()) {
    CpuCursor* first = Pop();
    if (first->state() == CpuCursor::State::kEvent) return current_ = first;
    // Something may have come meanwhile; it need not be the earliest then.
    if (first->Advance() == CpuCursor::State::kEnded) continue;
    Push(*first);
    if (first->state() == CpuCursor::State::kStarved && HeadOf(*first) == heads_.front()) return nullptr;
  }
  return nullptr;
}

void CpuMerge::Push(const CpuCursor& cpu) {
  heads_.push_back(HeadOf(cpu));
  std::push_heap(heads_.begin(), heads_.end(), std::greater<>());
}

CpuCursor* CpuMerge::Pop() {
  std::pop_heap(heads_.begin(), heads_.end(), std::greater<>());
  const uint16_t cpu = heads_.back().second;
  heads_.pop_back();
  return &(*cpus_)[cpu];
}

}  // namespace fct
