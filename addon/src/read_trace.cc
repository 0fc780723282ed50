#include "read_trace.h"

#include <optional>
#include <string>

#include "file_source.h"
#include "promise_worker.h"
#include "trace_decode_recording.h"
#include "trace_values.h"

namespace fct {
namespace {

Napi::Value GiveTrace(Napi::Env env, Trace trace) {
  Napi::Object object = Napi::Object::New(env);
  SetHead(object, trace.head);
  object.Set("types", ConvertAll(env, trace.types, ConvertType));
  object.Set("perCpu", ConvertAll(env, trace.per_cpu, ConvertCpu));
  GiveBatch(object, &trace, trace.types, true);
  return object;
}

Napi::Value ReadTrace(const Napi::CallbackInfo& info) {
  std::optional<std::string> buffer;
  if (info[1].IsString()) buffer = info[1].As<Napi::String>();
  const auto work = [path = std::string(info[0].As<Napi::String>()), buffer] {
    return DecodeTrace(FileSource(path), buffer);
  };
  return RunOffLoop(info.Env(), work, GiveTrace);
}

}  // namespace

void InitReadTrace(Napi::Env env, Napi::Object exports) {
  exports.Set("readTrace", Napi::Function::New(env, ReadTrace, "readTrace"));
}

}  // namespace fct
