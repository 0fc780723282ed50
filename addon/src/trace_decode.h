// Decodes the sub-buffers of all CPUs into columns, as far as they have come. Pure C++: no Node in it, so
// that it can be fuzzed and timed alone.
#ifndef FCT_TRACE_DECODE_H
#define FCT_TRACE_DECODE_H

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "trace_decode_array.h"
#include "trace_decode_columns.h"
#include "trace_decode_cpu.h"
#include "trace_decode_feed.h"
#include "trace_decode_file.h"
#include "trace_decode_merge.h"
#include "trace_decode_types.h"

namespace fct {

// Events in one order, whatever their type: by time, of equal times the lower CPU's first; within a CPU the
// ring's order is kept.
struct Rows {
  Array<uint64_t> timestamp;
  Array<uint16_t> cpu;
  Array<uint16_t> type;   // index of the type
  Array<uint32_t> index;  // row in the columns of that type
  Array<int32_t> pid;
};

// Some of a trace's events, with what they bring that was not there before.
struct Batch {
  Rows rows;
  std::vector<std::vector<Array<uint8_t>>> columns;  // by type, then by field of its plan
  std::vector<uint32_t> counts;                      // by type: entries of each of its columns
  Array<uint64_t> pointers;                          // ids go on where those of the batch before ended
  std::vector<std::string> strings;                  // likewise
  std::vector<Gap> gaps;                             // CPU after CPU, in order
};

// Events that are collected before their fields are taken out, field by field: their pages are still in the
// processor's cache then.
constexpr uint32_t kDecodeBlock = 1024;

class TraceDecoder {
 public:
  // One feed a CPU; they outlive the decoder. Events of a type that `types` does not have get a type
  // `unknown_<id>` without fields. `choice` as for TypeTable.
  TraceDecoder(const PageLayout& layout, std::vector<EventType> types, const std::vector<PageFeed*>& feeds,
               const std::optional<FieldChoice>& choice);
  TraceDecoder(const TraceDecoder&) = delete;
  TraceDecoder& operator=(const TraceDecoder&) = delete;

  // The next events, as many as are certain (CpuMerge) but at most `most`. Throws DecodeError; the decoder is
  // of no use afterwards.
  Batch Decode(uint32_t most);

  // No event will ever come any more.
  bool is_ended() const;
  const std::vector<EventType>& types() const { return types_.types(); }
  std::vector<CpuSummary> Summaries() const;

 private:
  // What the columns of a type do not have yet.
  struct Collector {
    RecordData* end = nullptr;  // of the records; null if there are none
    uint32_t row = 0;           // of the next event in the columns
    uint32_t least = kNever;    // bytes of an event, once there are records
  };

  // No event is as long: the first one of a type in a block ends up in Begin().
  static constexpr uint32_t kNever = UINT32_MAX;

  uint32_t DecodeBlock(uint32_t most, Rows* rows);
  uint32_t Collect(uint32_t most, Rows* rows);
  void Begin(const Record& record);
  void FillColumns();
  DecodeError Locate(const FieldError& error) const;

  std::deque<CpuCursor> cpus_;
  CpuMerge merge_;
  TypeTable types_;
  Interned interned_;
  std::vector<Collector> collectors_;       // by the number of the type
  std::vector<Array<RecordData>> records_;  // by type; room for a block, once there was any
  std::vector<uint16_t> touched_;           // types of which something was collected
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_H
