// Reads a trace.dat of version 6 from behind its page size on (trace-cmd.dat.v6(5)).
#ifndef FCT_TRACE_DECODE_VERSION6_H
#define FCT_TRACE_DECODE_VERSION6_H

#include <vector>

#include "trace_decode_file.h"

namespace fct {

// All its buffers, the top one first. Throws DecodeError.
std::vector<TraceBuffer> ReadVersion6(const ByteSource& source, SourceCursor cursor, TraceFile* file);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_VERSION6_H
