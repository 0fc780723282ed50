// Merges the rows of all CPUs by time.
#ifndef FCT_TRACE_DECODE_MERGE_H
#define FCT_TRACE_DECODE_MERGE_H

#include <vector>

#include "trace_decode_cpu.h"

namespace fct {

// `cpus` holds each CPU's rows, times never decreasing; it is consumed. Of equal times the lower CPU comes
// first. Throws DecodeError LIMIT beyond 2^32 - 1 rows.
Rows MergeRows(std::vector<CpuRows> cpus);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_MERGE_H
