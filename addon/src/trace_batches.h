// Traces batch by batch for JavaScript: recordings, and streams of pages.
#ifndef FCT_TRACE_BATCHES_H
#define FCT_TRACE_BATCHES_H

#include <napi.h>

namespace fct {

// Exports `openTrace` and `createTraceStream`.
void InitTraceBatches(Napi::Env env, Napi::Object exports);

}  // namespace fct

#endif  // FCT_TRACE_BATCHES_H
