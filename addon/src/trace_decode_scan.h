// Finds the events of one CPU's sub-buffers, and its gaps.
#ifndef FCT_TRACE_DECODE_SCAN_H
#define FCT_TRACE_DECODE_SCAN_H

#include <cstdint>
#include <exception>
#include <optional>
#include <vector>

#include "trace_decode_array.h"
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

// What was found in a chunk of sub-buffers.
struct Stretch {
  enum class State { kPages, kStarved, kEnded };  // kStarved: no chunk for now; kEnded: nor ever

  State state = State::kStarved;
  PageChunk chunk;
  Array<Record> records;  // their data is in the chunk; times never fall
  uint64_t time = 0;      // no later event has a lower one
  std::vector<Gap> gaps;  // those that ended here
  uint64_t pages = 0;
  uint64_t raised = 0;         // as in CpuSummary
  std::exception_ptr failure;  // what is behind the records cannot be read
};

class CpuScanner {
 public:
  // `feed` outlives the scanner.
  CpuScanner(const PageLayout& layout, uint16_t cpu, PageFeed* feed)
      : layout_(layout), cpu_(cpu), feed_(feed) {}

  // The next chunk of the feed. Nothing is sure of what follows a failure.
  void Scan(Stretch* stretch);
  const PageFeed& feed() const { return *feed_; }

 private:
  void ScanFeed(Stretch* stretch);
  void ScanPage(const uint8_t* page, uint64_t offset, Stretch* stretch);
  void EnterEvents(size_t begin, bool is_sorted, Stretch* stretch);
  void OpenGap(const PageHeader& header);
  void CloseGap(uint64_t before, Stretch* stretch);

  PageLayout layout_;
  uint16_t cpu_;
  PageFeed* feed_;
  uint64_t time_ = 0;
  uint64_t last_event_ = 0;
  std::optional<Gap> open_gap_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_SCAN_H
