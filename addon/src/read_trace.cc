#include "read_trace.h"

#include <optional>
#include <string>

#include "file_source.h"
#include "joined_source.h"
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

std::optional<std::string> OptionalString(const Napi::Value& value) {
  if (!value.IsString()) return std::nullopt;
  return value.As<Napi::String>().Utf8Value();
}

Napi::Value ReadTrace(const Napi::CallbackInfo& info) {
  const auto work = [path = std::string(info[0].As<Napi::String>()), buffer = OptionalString(info[1]),
                     choice = ToFieldChoice(info[2])] {
    return DecodeTrace(FileSource(path), buffer, choice);
  };
  return RunOffLoop(info.Env(), work, GiveTrace);
}

struct FilePart {
  std::string path;
  uint64_t size;
};

std::vector<FilePart> ToFileParts(const Napi::Array& array) {
  std::vector<FilePart> parts;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const auto part = array.Get(i).As<Napi::Object>();
    const auto size = part.Get("size").As<Napi::Number>().Int64Value();
    parts.push_back({part.Get("path").As<Napi::String>(), static_cast<uint64_t>(size)});
  }
  return parts;
}

Napi::Value ReadTraceParts(const Napi::CallbackInfo& info) {
  const auto head = info[0].As<Napi::Uint8Array>();
  const auto work = [head = std::string(reinterpret_cast<const char*>(head.Data()), head.ByteLength()),
                     parts = ToFileParts(info[1].As<Napi::Array>())] {
    JoinedSource source(head);
    for (const FilePart& part : parts) source.Append(part.path, part.size);
    return DecodeTrace(source);
  };
  return RunOffLoop(info.Env(), work, GiveTrace);
}

}  // namespace

void InitReadTrace(Napi::Env env, Napi::Object exports) {
  exports.Set("readTrace", Napi::Function::New(env, ReadTrace, "readTrace"));
  exports.Set("readTraceParts", Napi::Function::New(env, ReadTraceParts, "readTraceParts"));
}

}  // namespace fct
