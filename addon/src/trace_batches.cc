#include "trace_batches.h"

#include <memory>
#include <optional>
#include <string>

#include "file_source.h"
#include "js_error.h"
#include "promise_worker.h"
#include "trace_decode_recording.h"
#include "trace_decode_stream.h"
#include "trace_values.h"

namespace fct {
namespace {

// A recording with its file, until it is closed.
class OpenRecording {
 public:
  OpenRecording(const std::string& path, const std::optional<std::string>& buffer,
                const std::optional<FieldChoice>& choice)
      : body_(std::make_unique<Body>(path, buffer, choice)) {}

  // Not after Close().
  TraceFile& head() { return body_->recording.head(); }
  TraceDecoder& decoder() { return body_->recording.decoder(); }

  // Gives back file and memory; nobody decodes meanwhile.
  void Close() { body_.reset(); }

 private:
  struct Body {
    Body(const std::string& path, const std::optional<std::string>& buffer,
         const std::optional<FieldChoice>& choice)
        : source(path), recording(source, buffer, choice) {}

    FileSource source;
    Recording recording;
  };

  std::unique_ptr<Body> body_;
};

// What one call of the decoder gave.
struct Step {
  Batch batch;
  size_t known_types = 0;           // before it
  std::vector<CpuSummary> per_cpu;  // after it
  bool is_ended = false;
};

template <typename Decode>
Step TakeStep(const TraceDecoder& decoder, Decode decode) {
  Step step;
  step.known_types = decoder.types().size();
  step.batch = decode();
  step.per_cpu = decoder.Summaries();
  step.is_ended = decoder.is_ended();
  return step;
}

Napi::Value GiveStep(Napi::Env env, Step step, const TraceDecoder& decoder) {
  const std::vector<EventType>& types = decoder.types();
  const std::vector<EventType> added(types.begin() + static_cast<std::ptrdiff_t>(step.known_types),
                                     types.end());
  Napi::Object object = Napi::Object::New(env);
  GiveBatch(object, &step.batch, types, false);
  object.Set("types", ConvertAll(env, added, ConvertType));
  object.Set("perCpu", ConvertAll(env, step.per_cpu, ConvertCpu));
  object.Set("isEnded", Napi::Boolean::New(env, step.is_ended));
  return object;
}

// A function `next(most)` of the caller, who calls it again once its promise is settled.
template <typename Core, typename Decode>
Napi::Function DefineNext(Napi::Env env, const std::shared_ptr<Core>& core, Decode decode) {
  return Napi::Function::New(
      env,
      [core, decode](const Napi::CallbackInfo& info) {
        const uint32_t most = info[0].As<Napi::Number>();
        const auto work = [core, decode, most] {
          return TakeStep(core->decoder(), [&] { return decode(core.get(), most); });
        };
        const auto convert = [core](Napi::Env scope, Step step) {
          return GiveStep(scope, std::move(step), core->decoder());
        };
        return RunOffLoop(info.Env(), work, convert);
      },
      "next");
}

Napi::Value GiveRecording(Napi::Env env, const std::shared_ptr<OpenRecording>& open) {
  const auto decode = [](OpenRecording* core, uint32_t most) { return core->decoder().Decode(most); };
  Napi::Object object = Napi::Object::New(env);
  SetHead(object, open->head());
  object.Set("types", ConvertAll(env, open->decoder().types(), ConvertType));
  object.Set("next", DefineNext(env, open, decode));
  object.Set("perCpu", ConvertAll(env, open->decoder().Summaries(), ConvertCpu));
  object.Set("close", Napi::Function::New(
                          env, [open](const Napi::CallbackInfo&) { open->Close(); }, "close"));
  return object;
}

Napi::Value OpenTrace(const Napi::CallbackInfo& info) {
  std::optional<std::string> buffer;
  if (info[1].IsString()) buffer = info[1].As<Napi::String>();
  const auto work = [path = std::string(info[0].As<Napi::String>()), buffer,
                     choice = ToFieldChoice(info[2])] {
    return std::make_shared<OpenRecording>(path, buffer, choice);
  };
  return RunOffLoop(info.Env(), work, GiveRecording);
}

StreamHead ReadHead(const Napi::Object& object) {
  StreamHead head;
  head.header_page = object.Get("headerPage").As<Napi::String>();
  head.cpus = static_cast<uint16_t>(object.Get("cpus").As<Napi::Number>().Uint32Value());
  const Napi::Array formats = object.Get("formats").As<Napi::Array>();
  for (uint32_t i = 0; i < formats.Length(); i++) {
    const Napi::Object format = formats.Get(i).As<Napi::Object>();
    head.formats.push_back({format.Get("system").As<Napi::String>(), format.Get("text").As<Napi::String>()});
  }
  return head;
}

Napi::Function DefinePush(Napi::Env env, const std::shared_ptr<TraceStream>& stream) {
  const auto push = [stream](const Napi::CallbackInfo& info) {
    const auto page = info[1].As<Napi::Uint8Array>();
    stream->Push(static_cast<uint16_t>(info[0].As<Napi::Number>().Uint32Value()), page.Data(),
                 page.ByteLength());
  };
  return Napi::Function::New(env, push, "push");
}

Napi::Function DefineQuiet(Napi::Env env, const std::shared_ptr<TraceStream>& stream) {
  const auto quiet = [stream](const Napi::CallbackInfo& info) {
    bool is_lossless = false;
    stream->QuietUntil(static_cast<uint16_t>(info[0].As<Napi::Number>().Uint32Value()),
                       info[1].As<Napi::BigInt>().Uint64Value(&is_lossless));
  };
  return Napi::Function::New(env, quiet, "quiet");
}

Napi::Value CreateTraceStream(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const StreamHead head = ReadHead(info[0].As<Napi::Object>());
  const auto choice = ToFieldChoice(info[1]);
  const auto stream = Guarded(env, [&] { return std::make_shared<TraceStream>(head, choice); });
  const auto decode = [](TraceStream* core, uint32_t most) { return core->Decode(most); };
  Napi::Object object = Napi::Object::New(env);
  object.Set("types", ConvertAll(env, stream->decoder().types(), ConvertType));
  object.Set("next", DefineNext(env, stream, decode));
  object.Set("perCpu", ConvertAll(env, stream->decoder().Summaries(), ConvertCpu));
  object.Set("push", DefinePush(env, stream));
  object.Set("quiet", DefineQuiet(env, stream));
  object.Set("end", Napi::Function::New(
                        env, [stream](const Napi::CallbackInfo&) { stream->End(); }, "end"));
  return object;
}

}  // namespace

void InitTraceBatches(Napi::Env env, Napi::Object exports) {
  exports.Set("openTrace", Napi::Function::New(env, OpenTrace, "openTrace"));
  exports.Set("createTraceStream", Napi::Function::New(env, CreateTraceStream, "createTraceStream"));
}

}  // namespace fct
