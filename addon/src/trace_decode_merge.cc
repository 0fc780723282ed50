#include "trace_decode_merge.h"

#include <utility>

namespace fct {

// Brings the heap in order after the first one's move, until an event is in front.
CpuCursor* CpuMerge::Search() {
  for (;;) {
    if (heads_.front().cpu->state() == CpuCursor::State::kEnded) {
      RemoveFirst();
      if (heads_.empty()) return nullptr;
    }
    SiftDown();
    const Head& first = heads_.front();
    if (first.cpu->state() == CpuCursor::State::kEvent) return first.cpu;
    // Something may have come meanwhile; it need not be the earliest then.
    const uint64_t before = first.time;
    if (!Renew() && first.cpu->state() == CpuCursor::State::kStarved && first.time == before) return nullptr;
  }
}

void CpuMerge::SiftDown() {
  size_t at = 0;
  for (size_t child = 1; child < heads_.size(); child = 2 * at + 1) {
    if (child + 1 < heads_.size() && heads_[child + 1] < heads_[child]) child++;
    if (!(heads_[child] < heads_[at])) return;
    std::swap(heads_[at], heads_[child]);
    at = child;
  }
}

void CpuMerge::RemoveFirst() {
  heads_.front() = heads_.back();
  heads_.pop_back();
}

}  // namespace fct
