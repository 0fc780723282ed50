// Reads what a trace.dat says about its pages (trace-cmd.dat.v6(5), trace-cmd.dat.v7(5)).
#ifndef FCT_TRACE_DECODE_FILE_H
#define FCT_TRACE_DECODE_FILE_H

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "trace_decode_format.h"
#include "trace_decode_plan.h"
#include "trace_decode_source.h"
#include "trace_decode_stats.h"
#include "trace_decode_symbols.h"

namespace fct {

struct EventType {
  EventFormat format;
  EventPlan plan;
  SymbolTables symbols;
  std::set<std::string> flag_fields;
};

// Where the sub-buffers of one CPU stand.
struct CpuData {
  uint64_t offset = 0;  // in `unpacked`, or in the file if there is none
  uint64_t size = 0;
  std::unique_ptr<const ByteSource> unpacked;
};

// One tracing instance's ring buffer.
struct TraceBuffer {
  std::string name;                          // "" is the top one
  uint64_t offset = 0;                       // of its table of CPUs in the file
  std::string clock;                         // "" if the file does not say
  uint32_t page_size = 0;                    // bytes of a sub-buffer; 0 if the file does not say
  std::map<uint32_t, CpuData> cpus;          // those that have pages
  std::map<uint32_t, RingStats> ring_stats;  // by CPU, where the file has them

  bool HasData() const { return !cpus.empty(); }
};

// Each may state as many CPUs as there can be.
constexpr size_t kMostBuffers = 256;

struct TraceFile {
  uint32_t version = 0;
  uint32_t long_size = 0;  // of the traced kernel
  PageLayout layout;
  std::vector<EventType> types;          // all that the file describes, in its order; each id once
  std::map<int32_t, std::string> comms;  // by pid
  uint32_t cpu_count = 0;
  TraceBuffer buffer;  // the one that was asked for
};

// Throws DecodeError for anything that is not a sound trace.dat of version 6 or 7 from a little-endian
// machine.
//
// Of a file with instance buffers (`trace-cmd record -B`), the one of that name is taken; without a name the
// one that has data, BUFFERS if more have. The file outlives the answer.
TraceFile ReadTraceFile(const ByteSource& source, const std::optional<std::string>& buffer);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_FILE_H
