// Reads a trace.dat of version 7 from behind its page size on (trace-cmd.dat.v7(5)).
#ifndef FCT_TRACE_DECODE_VERSION7_H
#define FCT_TRACE_DECODE_VERSION7_H

#include <vector>

#include "trace_decode_file.h"

namespace fct {

// All its buffers, in its order. Throws DecodeError.
std::vector<TraceBuffer> ReadVersion7(const ByteSource& source, SourceCursor cursor, TraceFile* file);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_VERSION7_H
