// What the decoder has made, as JavaScript values. Columns are given away, not copied.
#ifndef FCT_TRACE_VALUES_H
#define FCT_TRACE_VALUES_H

#include <napi.h>

#include <optional>
#include <vector>

#include "trace_decode.h"

namespace fct {

template <typename Range, typename Convert>
Napi::Array ConvertAll(Napi::Env env, const Range& range, Convert convert) {
  Napi::Array array = Napi::Array::New(env, range.size());
  uint32_t at = 0;
  for (const auto& element : range) {
    const Napi::HandleScope scope(env);  // a full trace.dat describes two thousand types
    array[at++] = convert(env, element);
  }
  return array;
}

// Of an object of arrays of names, by event; none of undefined.
std::optional<FieldChoice> ToFieldChoice(const Napi::Value& value);

// Sets `version`, `longSize`, `cpus`, `buffer`, `clock`, `comms` and `ringStats`.
void SetHead(Napi::Object object, const TraceFile& head);
Napi::Object ConvertType(Napi::Env env, const EventType& type);
Napi::Object ConvertCpu(Napi::Env env, const CpuSummary& cpu);

// Sets `rows`, `columns` (by type, then by wanted field; types without a row are left out unless `is_whole`),
// `pointers`, `strings` and `gaps`; what was in the batch is gone.
void GiveBatch(Napi::Object object, Batch* batch, const std::vector<EventType>& types, bool is_whole);

}  // namespace fct

#endif  // FCT_TRACE_VALUES_H
