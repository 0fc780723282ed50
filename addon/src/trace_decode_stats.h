// What trace-cmd saves of per_cpu/cpuN/stats at the end of a recording: the kernel's own account of losses.
#ifndef FCT_TRACE_DECODE_STATS_H
#define FCT_TRACE_DECODE_STATS_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace fct {

// Counters of one CPU's ring buffer, in events.
struct RingStats {
  uint64_t entries = 0;  // left in it, unread
  uint64_t overrun = 0;
  uint64_t commit_overrun = 0;
  uint64_t dropped = 0;
  uint64_t read = 0;
};

// Takes the texts of the CPUSTAT options in the order of the file: those of the top buffer, and behind one
// that names an instance those of that.
class StatsCollector {
 public:
  void Add(std::string_view text);
  // By CPU; empty if there are none.
  std::map<uint32_t, RingStats> Take(const std::string& buffer) { return std::move(stats_[buffer]); }

 private:
  std::string buffer_;
  std::map<std::string, std::map<uint32_t, RingStats>> stats_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_STATS_H
