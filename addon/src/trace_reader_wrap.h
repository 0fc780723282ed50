// TraceReader as a JavaScript class.
#ifndef FCT_TRACE_READER_WRAP_H
#define FCT_TRACE_READER_WRAP_H

#include <napi.h>

namespace fct {

// Exports the class TraceReader(instance, fd, intervalMs, poolBytes, markSilentMs) with start, stop, stats
// and close, and frameChecksum(data).
void InitTraceReader(Napi::Env env, Napi::Object exports);

}  // namespace fct

#endif  // FCT_TRACE_READER_WRAP_H
