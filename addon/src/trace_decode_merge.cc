#include "trace_decode_merge.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "trace_decode_error.h"

namespace fct {
namespace {

// The next event of a CPU; pairs compare by time, then by CPU.
using Head = std::pair<uint64_t, uint16_t>;

class Merger {
 public:
  explicit Merger(std::vector<CpuRows> cpus) : cpus_(std::move(cpus)), next_(cpus_.size(), 0) {}

  Rows Run() {
    Allocate();
    for (size_t cpu = 0; cpu < cpus_.size(); cpu++) {
      if (cpus_[cpu].timestamp.size() > 0) heads_.push_back(HeadOf(static_cast<uint16_t>(cpu)));
    }
    std::make_heap(heads_.begin(), heads_.end(), std::greater<>());
    while (!heads_.empty()) {
      std::pop_heap(heads_.begin(), heads_.end(), std::greater<>());
      const uint16_t cpu = heads_.back().second;
      heads_.pop_back();
      if (!CopyRun(cpu)) continue;
      heads_.push_back(HeadOf(cpu));
      std::push_heap(heads_.begin(), heads_.end(), std::greater<>());
    }
    return std::move(rows_);
  }

 private:
  void Allocate() {
    uint64_t total = 0;
    for (const CpuRows& cpu : cpus_) total += cpu.timestamp.size();
    if (total >= UINT32_MAX) throw DecodeError("LIMIT", 0, "more than 2^32 events");
    rows_.timestamp.Resize(total);
    rows_.cpu.Resize(total);
    rows_.type.Resize(total);
    rows_.index.Resize(total);
    rows_.pid.Resize(total);
  }

  Head HeadOf(uint16_t cpu) const { return {cpus_[cpu].timestamp[next_[cpu]], cpu}; }

  // Copies rows as long as no other CPU has an earlier one. False if the CPU has none left.
  bool CopyRun(uint16_t cpu) {
    const CpuRows& from = cpus_[cpu];
    size_t at = next_[cpu];
    do {
      rows_.timestamp[end_] = from.timestamp[at];
      rows_.cpu[end_] = cpu;
      rows_.type[end_] = from.type[at];
      rows_.index[end_] = from.index[at];
      rows_.pid[end_] = from.pid[at];
      end_++;
      at++;
    } while (at < from.timestamp.size() &&
             (heads_.empty() || Head{from.timestamp[at], cpu} < heads_.front()));
    next_[cpu] = at;
    return at < from.timestamp.size();
  }

  std::vector<CpuRows> cpus_;
  std::vector<size_t> next_;  // by CPU: its first row that is not merged
  std::vector<Head> heads_;   // a heap, the earliest in front
  Rows rows_;
  size_t end_ = 0;
};

}  // namespace

Rows MergeRows(std::vector<CpuRows> cpus) { return Merger(std::move(cpus)).Run(); }

}  // namespace fct
