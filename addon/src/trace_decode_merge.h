// Goes through the events of all CPUs by time.
#ifndef FCT_TRACE_DECODE_MERGE_H
#define FCT_TRACE_DECODE_MERGE_H

#include <algorithm>
#include <cstdint>
#include <vector>

#include "trace_decode_array.h"
#include "trace_decode_cpu.h"

namespace fct {

// Events one behind the other.
struct Run {
  const Record* begin = nullptr;
  const Record* end = nullptr;

  size_t size() const { return static_cast<size_t>(end - begin); }
};

// Two runs; of equal times the first one's events come first.
struct RunPair {
  Run first;
  Run second;

  size_t size() const { return first.size() + second.size(); }

  // Takes up to `most` events out of the runs; returns how many.
  template <typename Take>
  size_t Merge(size_t most, Take take) {
    size_t left = most;
    while (left > 0 && first.size() > 0 && second.size() > 0) {
      // So many can be taken from both without coming to the end of either.
      const size_t count = std::min({left, first.size(), second.size()});
      MergeBoth(count, take);
      left -= count;
    }
    left -= TakeFrom(&first, left, take);
    left -= TakeFrom(&second, left, take);
    return most - left;
  }

 private:
  // Which run is next cannot be foretold, hence no branch for it: a compiler that saw where the mask is from
  // would make one. The times are known one step ahead, so that a choice does not wait for the load that the
  // one before it has led to.
  template <typename Take>
  void MergeBoth(size_t count, Take take) {
    auto a = reinterpret_cast<uintptr_t>(first.begin);
    auto b = reinterpret_cast<uintptr_t>(second.begin);
    uint64_t time_a = At(a)->timestamp;
    uint64_t time_b = At(b)->timestamp;
    for (; count > 1; count--) {
      const uint64_t change_a = time_a ^ At(a)[1].timestamp;
      const uint64_t change_b = time_b ^ At(b)[1].timestamp;
      uintptr_t is_second = -static_cast<uintptr_t>(time_b < time_a);
      asm("" : "+r"(is_second));
      const uintptr_t next = a ^ ((a ^ b) & is_second);
      const uintptr_t step = is_second & sizeof(Record);
      a += sizeof(Record) - step;
      b += step;
      time_a ^= change_a & ~is_second;
      time_b ^= change_b & is_second;
      take(*At(next));
    }
    // Behind the last one there may be nothing to know the time of.
    const bool is_second = time_b < time_a;
    take(*At(is_second ? b : a));
    (is_second ? b : a) += sizeof(Record);
    first.begin = At(a);
    second.begin = At(b);
  }

  static const Record* At(uintptr_t address) { return reinterpret_cast<const Record*>(address); }

  template <typename Take>
  static size_t TakeFrom(Run* run, size_t most, Take take) {
    const Record* at = run->begin;
    const Record* const end = at + std::min(most, run->size());
    const auto count = static_cast<size_t>(end - at);
    for (; at != end; at++) take(*at);
    run->begin = end;
    return count;
  }
};

// Of equal times the lower CPU's come first, and within a CPU the ring's order is kept. An event is certain
// once no CPU can have an earlier one: a CPU of which nothing is known now holds the others up, from the time
// that it has come to on.
class CpuMerge {
 public:
  // In the order of the CPUs. It outlives the merge, and has been given no Refill() yet.
  void Add(CpuCursor* cpu) { cpus_.push_back(cpu); }

  // Gives some of the next events to `take`, one by one, if any are certain but at most `most`; returns how
  // many. Their data stays until the next call. Throws DecodeError.
  template <typename Take>
  size_t ForEach(size_t most, Take take) {
    if (certain_.size() == 0 && !FindCertain()) return 0;
    return certain_.Merge(most, take);
  }

 private:
  // Makes more events certain; false if there are none, for now or for ever.
  bool FindCertain();
  void Refill();
  void TakeCertain();
  void MergePairs(Array<Record>* to);

  std::vector<CpuCursor*> cpus_;  // without those at their end
  std::vector<Run> runs_;         // of different CPUs, in their order
  Array<Record> merged_[2];
  RunPair certain_;  // not given yet
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_MERGE_H
