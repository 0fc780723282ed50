// Reads what stands before the pages in a trace.dat of version 6 (trace-cmd.dat.v6(5)).
#ifndef FCT_TRACE_DECODE_FILE_H
#define FCT_TRACE_DECODE_FILE_H

#include <cstdint>
#include <string>
#include <vector>

#include "trace_decode_format.h"
#include "trace_decode_plan.h"
#include "trace_decode_source.h"
#include "trace_decode_symbols.h"

namespace fct {

struct EventType {
  EventFormat format;
  EventPlan plan;
  SymbolTables symbols;
};

// Where the sub-buffers of one CPU stand in the file.
struct CpuData {
  uint64_t offset;
  uint64_t size;
};

struct TraceFile {
  uint32_t long_size = 0;
  PageLayout layout;
  std::vector<EventType> types;  // all that the file describes, in its order; each id once
  std::vector<CpuData> cpus;
  std::string clock;  // "" if the file does not say
};

// Throws DecodeError for anything that is not a sound trace.dat of version 6 from a little-endian machine.
//
// Of a file with instance buffers (`trace-cmd record -B`), the one buffer that has data is taken; BUFFERS if
// more have.
TraceFile ReadTraceFile(const ByteSource& source);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_FILE_H
