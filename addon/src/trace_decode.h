// Decodes a trace.dat into columns. Pure C++: no Node in it, so that it can be fuzzed and timed alone.
#ifndef FCT_TRACE_DECODE_H
#define FCT_TRACE_DECODE_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "trace_decode_array.h"
#include "trace_decode_file.h"
#include "trace_decode_intern.h"

namespace fct {

// All events in one order, whatever their type.
struct Rows {
  Array<uint64_t> timestamp;
  Array<uint16_t> cpu;
  Array<uint16_t> type;   // index into Trace::types
  Array<uint32_t> index;  // row in the columns of that type
  Array<int32_t> pid;
};

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

struct Trace {
  uint32_t version = 0;
  uint32_t long_size = 0;
  std::string buffer;  // "" is the top one
  std::string clock;
  std::map<int32_t, std::string> comms;  // by pid, as saved at the end of the recording
  std::vector<EventType> types;
  std::vector<std::vector<Array<uint8_t>>> columns;  // by type, then by field of its plan
  std::vector<uint32_t> counts;                      // by type: entries of each of its columns
  Rows rows;
  Array<uint64_t> pointers;
  std::vector<std::string> strings;
  std::vector<CpuSummary> per_cpu;
  std::map<uint32_t, RingStats> ring_stats;  // by CPU, where the file has them
  std::vector<Gap> gaps;                     // CPU after CPU, in order
};

// Rows are merged over CPUs by time; of equal times the lower CPU comes first. Within a CPU the order is the
// ring's. Throws DecodeError. Events of a type that the file does not describe get a type `unknown_<id>`
// without fields. `buffer` as for ReadTraceFile().
Trace DecodeTrace(const ByteSource& source, const std::optional<std::string>& buffer = std::nullopt);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_H
