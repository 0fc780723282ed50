// The events of one CPU, one after the other, and its gaps.
#ifndef FCT_TRACE_DECODE_CPU_H
#define FCT_TRACE_DECODE_CPU_H

#include <cstdint>
#include <optional>
#include <vector>

#include "trace_decode_feed.h"
#include "trace_decode_page.h"

namespace fct {

// Events that the ring buffer overwrote before they were read.
struct Gap {
  static constexpr uint64_t kNoEventAfter = UINT64_MAX;

  uint32_t cpu;
  uint64_t after;   // time of the CPU's last event before the gap; 0 if there is none
  uint64_t before;  // time of its first event after the gap; kNoEventAfter if there is none
  bool is_counted;
  uint64_t missed;  // number of events, if is_counted
};

struct CpuSummary {
  uint64_t pages = 0;  // sub-buffers
  uint64_t events =
      0;  // events with data; equals `read events` of per_cpu/cpuN/stats in a loss-free transport
  // Events whose stamp was below that of the event before and was raised to it: the kernel's own reader
  // leaves out the time of a discarded event (rb_update_read_stamp()), so that the next page may begin too
  // early.
  uint64_t raised = 0;
};

// Where something stands: the CPU and the offset in its feed, in one number that no offset in a file can be.
class Place {
 public:
  Place(uint16_t cpu, uint64_t offset) : packed_(kMark | uint64_t{cpu} << kBits | offset) {}
  explicit Place(uint64_t packed) : packed_(packed) {}

  uint64_t packed() const { return packed_; }
  // Whether the number is a place.
  bool is_place() const { return (packed_ & kMark) != 0; }
  uint16_t cpu() const { return static_cast<uint16_t>(packed_ >> kBits); }
  uint64_t offset() const { return packed_ & ((uint64_t{1} << kBits) - 1); }

 private:
  static constexpr int kBits = 47;
  static constexpr uint64_t kMark = uint64_t{1} << 63;

  uint64_t packed_;
};

class CpuCursor {
 public:
  enum class State { kEvent, kStarved, kEnded };

  // `feed` outlives the cursor.
  CpuCursor(const PageLayout& layout, uint16_t cpu, PageFeed* feed)
      : layout_(layout), cpu_(cpu), feed_(feed) {}

  // Moves to the next event, unless the feed has none now, or none any more. Throws DecodeError, with a Place
  // for its offset.
  State Advance() {
    while (!walker_ || !walker_->Next(&record_)) {
      if (!OpenPage()) return state_;
    }
    Enter();
    return state_;
  }
  State state() const { return state_; }
  uint16_t cpu() const { return cpu_; }
  // Of the current event; before there is one, no later event will have a lower one.
  uint64_t time() const { return time_; }
  const Record& record() const { return record_; }
  // Of the current event's data, as a Place.
  uint64_t offset() const { return walker_->OffsetOf(record_); }
  const CpuSummary& summary() const { return summary_; }
  // Those that have been closed since the last call.
  std::vector<Gap> TakeGaps() { return std::move(gaps_); }

 private:
  bool OpenPage();
  void Enter() {
    state_ = State::kEvent;
    summary_.events++;
    summary_.raised += record_.timestamp < time_;
    if (record_.timestamp > time_) time_ = record_.timestamp;
    if (open_gap_) CloseGap(time_);
    last_event_ = time_;
  }
  void OpenGap(const PageHeader& header);
  void CloseGap(uint64_t before);

  PageLayout layout_;
  uint16_t cpu_;
  PageFeed* feed_;
  State state_ = State::kStarved;
  std::optional<PageWalker> walker_;
  Record record_{};
  uint64_t time_ = 0;
  uint64_t last_event_ = 0;
  CpuSummary summary_;
  std::vector<Gap> gaps_;
  std::optional<Gap> open_gap_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_CPU_H
