// Goes through the events of all CPUs by time.
#ifndef FCT_TRACE_DECODE_MERGE_H
#define FCT_TRACE_DECODE_MERGE_H

#include <deque>
#include <utility>
#include <vector>

#include "trace_decode_cpu.h"

namespace fct {

// Of equal times the lower CPU's come first, and within a CPU the ring's order is kept. An event is certain
// once no CPU can have an earlier one: a CPU of which nothing is known now holds the others up, from the time
// that it has come to on.
class CpuMerge {
 public:
  // `cpus` has each CPU at its number, and outlives the merge.
  explicit CpuMerge(std::deque<CpuCursor>* cpus) : cpus_(cpus) {}

  // One of the cursors, which has been given no Advance() yet.
  void Add(const CpuCursor& cpu) { Push(cpu); }

  // The CPU that is at the next event; null if none is certain, for now or for ever.
  CpuCursor* Next() {
    if (current_ != nullptr && current_->Advance() == CpuCursor::State::kEvent &&
        (heads_.empty() || HeadOf(*current_) < heads_.front())) {
      return current_;
    }
    return NextInHeap();
  }

 private:
  // Pairs compare by time, then by CPU, which is an index into cpus_.
  using Head = std::pair<uint64_t, uint16_t>;

  static Head HeadOf(const CpuCursor& cpu) { return {cpu.time(), cpu.cpu()}; }
  CpuCursor* NextInHeap();
  void Push(const CpuCursor& cpu);
  CpuCursor* Pop();

  std::deque<CpuCursor>* cpus_;
  std::vector<Head> heads_;  // a heap, the earliest in front; of all but current_ and those at their end
  CpuCursor* current_ = nullptr;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_MERGE_H
