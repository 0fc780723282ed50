// Goes through the events of one CPU.
#ifndef FCT_TRACE_DECODE_CPU_H
#define FCT_TRACE_DECODE_CPU_H

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "trace_decode_scan.h"

namespace fct {

struct CpuSummary {
  uint64_t pages = 0;  // sub-buffers
  // Events with data; equals `read events` of per_cpu/cpuN/stats in a loss-free transport.
  uint64_t events = 0;
  // Events whose stamp was below that of the event before and was raised to it: the kernel's own reader
  // leaves out the time of a discarded event (rb_update_read_stamp()), so that the next page may begin too
  // early.
  uint64_t raised = 0;
};

class CpuCursor {
 public:
  // `feed` outlives the cursor.
  CpuCursor(const PageLayout& layout, uint16_t cpu, PageFeed* feed) : scanner_(layout, cpu, feed) {}
  CpuCursor(const CpuCursor&) = delete;
  CpuCursor& operator=(const CpuCursor&) = delete;

  // When all events have been taken and nobody looks at their data any more: goes on to the next ones, unless
  // the feed has none now, or none any more. Throws where the feed could not be read, or DecodeError.
  void Refill();
  bool is_ended() const { return stretch_.state == Stretch::State::kEnded; }
  // No event after begin() .. end() has a lower time.
  uint64_t time() const { return stretch_.time; }
  // Events that have not been taken; they and their data stay until the next Refill().
  const Record* begin() const { return stretch_.records.data() + taken_; }
  const Record* end() const { return stretch_.records.data() + stretch_.records.size(); }
  void Take(size_t count) {
    taken_ += count;
    summary_.events += count;
  }
  // The error, if its place is in the data of an event from after the last Refill().
  std::optional<DecodeError> Locate(const FieldError& error) const;
  const CpuSummary& summary() const { return summary_; }
  // Those that ended by `time` and have not been given yet.
  std::vector<Gap> TakeGaps(uint64_t time);

 private:
  void Advance();

  CpuScanner scanner_;
  Stretch stretch_;
  size_t taken_ = 0;  // of its events
  CpuSummary summary_;
  std::deque<Gap> gaps_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_CPU_H
