// readTrace(path, buffer), readTraceParts(head, files): decode a trace.dat off the event loop and hand its
// columns to V8.
#ifndef FCT_READ_TRACE_H
#define FCT_READ_TRACE_H

#include <napi.h>

namespace fct {

void InitReadTrace(Napi::Env env, Napi::Object exports);

}  // namespace fct

#endif  // FCT_READ_TRACE_H
