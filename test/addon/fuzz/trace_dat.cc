// Any bytes as a trace.dat.
#include "../synthetic_trace.h"
#include "check_batch.h"
#include "trace_decode_recording.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fct::MemorySource source(std::string(reinterpret_cast<const char*>(data), size));
  try {
    const fct::Trace trace = fct::DecodeTrace(source);
    fct::BatchChecker(trace.head.cpu_count).Check(trace, trace.types);
  } catch (const fct::DecodeError&) {
    // One of the two answers that there are.
  }
  return 0;
}
