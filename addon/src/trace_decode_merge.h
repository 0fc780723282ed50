// Goes through the events of all CPUs by time.
#ifndef FCT_TRACE_DECODE_MERGE_H
#define FCT_TRACE_DECODE_MERGE_H

#include <cstdint>
#include <vector>

#include "trace_decode_cpu.h"

namespace fct {

// Of equal times the lower CPU's come first, and within a CPU the ring's order is kept. An event is certain
// once no CPU can have an earlier one: a CPU of which nothing is known now holds the others up, from the time
// that it has come to on.
class CpuMerge {
 public:
  // It outlives the merge, and has been given no Advance() yet.
  void Add(CpuCursor* cpu) { heads_.push_back({0, cpu}); }

  // The CPU that is at the next event; null if none is certain, for now or for ever.
  CpuCursor* Next() {
    if (heads_.empty()) return nullptr;
    if (Renew() && IsFirst()) return heads_.front().cpu;
    return Search();
  }

 private:
  // Where a CPU stands; heads compare by time, then by CPU.
  struct Head {
    uint64_t time;
    CpuCursor* cpu;

    bool operator<(const Head& other) const {
      return time != other.time ? time < other.time : cpu->cpu() < other.cpu->cpu();
    }
  };

  // Moves the first CPU on; true if it is at an event then.
  bool Renew() {
    Head& first = heads_.front();
    const bool is_event = first.cpu->Advance() == CpuCursor::State::kEvent;
    first.time = first.cpu->time();
    return is_event;
  }
  // Of the heap's two places that may be before the first one.
  bool IsFirst() const {
    const Head& first = heads_.front();
    return (heads_.size() < 2 || first < heads_[1]) && (heads_.size() < 3 || first < heads_[2]);
  }
  CpuCursor* Search();
  void SiftDown();
  void RemoveFirst();

  // A heap, the earliest in front, but for the first one, which may have moved on; without those at their
  // end.
  std::vector<Head> heads_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_MERGE_H
