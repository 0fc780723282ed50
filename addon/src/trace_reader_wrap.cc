#include "trace_reader_wrap.h"

#include <cerrno>
#include <memory>
#include <string>

#include "completion.h"
#include "errno_error.h"
#include "frame_checksum.h"
#include "instance_data.h"
#include "js_error.h"
#include "trace_reader.h"

namespace fct {
namespace {

Napi::Object ConvertStats(Napi::Env env, const TraceReaderStats& stats) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("pages", Napi::Number::New(env, static_cast<double>(stats.pages)));
  object.Set("bytes", Napi::Number::New(env, static_cast<double>(stats.bytes)));
  object.Set("blocked", Napi::Number::New(env, static_cast<double>(stats.blocked)));
  object.Set("error", stats.error ? ToJsError(env, stats.error).Value() : env.Null());
  return object;
}

// A stream that broke off is an error, whoever broke it off.
void SettleStop(Napi::Env env, const TraceReaderStats& stats, const Napi::Promise::Deferred& deferred) {
  if (stats.error) return deferred.Reject(ToJsError(env, stats.error).Value());
  if (stats.is_complete) return deferred.Resolve(ConvertStats(env, stats));
  const auto cancelled = std::make_exception_ptr(ErrnoError(ECANCELED, "write", ""));
  deferred.Reject(ToJsError(env, cancelled).Value());
}

class TraceReaderWrap : public Napi::ObjectWrap<TraceReaderWrap>, public EnvironmentBound {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "TraceReader",
        {InstanceMethod<&TraceReaderWrap::Start>("start"), InstanceMethod<&TraceReaderWrap::Stop>("stop"),
         InstanceMethod<&TraceReaderWrap::Stats>("stats"),
         InstanceMethod<&TraceReaderWrap::CloseReader>("close")});
  }

  explicit TraceReaderWrap(const Napi::CallbackInfo& info) : ObjectWrap(info), EnvironmentBound(info.Env()) {
    TraceReaderOptions options;
    options.instance = info[0].As<Napi::String>();
    options.fd = info[1].As<Napi::Number>();
    options.interval = std::chrono::milliseconds(info[2].As<Napi::Number>().Uint32Value());
    options.pool_bytes = static_cast<size_t>(info[3].As<Napi::Number>().Int64Value());
    options.mark_silent = std::chrono::milliseconds(info[4].As<Napi::Number>().Uint32Value());
    Guarded(info.Env(), [&] { reader_ = std::make_shared<TraceReader>(options); });
  }

  void Close() override { reader_->Close(); }

 private:
  void Start(const Napi::CallbackInfo& info) {
    Guarded(info.Env(), [&] { reader_->Start(); });
  }

  Napi::Value Stop(const Napi::CallbackInfo& info) {
    const auto settle = [reader = reader_](Napi::Env env, const Napi::Promise::Deferred& deferred) {
      SettleStop(env, reader->Stats(), deferred);
    };
    const Completion completion = Completion::Create(info.Env(), settle);
    reader_->Stop(completion.fire);
    return completion.promise;
  }

  Napi::Value Stats(const Napi::CallbackInfo& info) { return ConvertStats(info.Env(), reader_->Stats()); }
  void CloseReader(const Napi::CallbackInfo&) { Close(); }

  std::shared_ptr<TraceReader> reader_;
};

Napi::Value ChecksumFrame(const Napi::CallbackInfo& info) {
  const auto data = info[0].As<Napi::Uint8Array>();
  return Napi::BigInt::New(info.Env(), FrameChecksum(data.Data(), data.ByteLength()));
}

}  // namespace

void InitTraceReader(Napi::Env env, Napi::Object exports) {
  exports.Set("frameChecksum", Napi::Function::New(env, ChecksumFrame, "frameChecksum"));
  exports.Set("TraceReader", TraceReaderWrap::Define(env));
}

}  // namespace fct
