#include "client_load_wrap.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client_load.h"
#include "completion.h"
#include "instance_data.h"
#include "js_error.h"

namespace fct {
namespace {

ClientLoadOptions ReadOptions(const Napi::Object& from) {
  const auto number = [&](const char* name) { return from.Get(name).As<Napi::Number>(); };
  ClientLoadOptions options;
  options.directory = from.Get("directory").As<Napi::String>();
  options.threads = number("threads").Uint32Value();
  options.files = number("files").Uint32Value();
  options.zipf = number("zipf").DoubleValue();
  bool lossless = false;
  options.seed = from.Get("seed").As<Napi::BigInt>().Uint64Value(&lossless);
  options.size = static_cast<uint64_t>(number("size").Int64Value());
  options.rate = number("rate").DoubleValue();
  options.deadline = std::chrono::milliseconds(number("deadlineMs").Int64Value());
  const Napi::Object mix = from.Get("mix").As<Napi::Object>();
  for (size_t i = 0; i < kOperationCount; i++) {
    const char* name = kOperations[i].name;
    options.mix[i] = mix.Has(name) ? mix.Get(name).As<Napi::Number>().Uint32Value() : 0;
  }
  return options;
}

Napi::Number ConvertCount(Napi::Env env, uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

Napi::Object ConvertErrors(Napi::Env env, const ClientErrors::Counts& errors) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [operation, counts] : errors) {
    Napi::Object of_operation = Napi::Object::New(env);
    for (const auto& [code, count] : counts) of_operation.Set(code, ConvertCount(env, count));
    object.Set(operation, of_operation);
  }
  return object;
}

Napi::Value ConvertUnexpected(Napi::Env env, const std::optional<UnexpectedError>& error) {
  if (!error) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  object.Set("thread", ConvertCount(env, error->thread));
  object.Set("operation", error->operation);
  object.Set("code", error->code);
  object.Set("syscall", error->syscall);
  object.Set("file", error->file);
  return object;
}

Napi::Array ConvertStuck(Napi::Env env, const std::vector<OperationInFlight>& stuck) {
  Napi::Array array = Napi::Array::New(env);
  for (const OperationInFlight& operation : stuck) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("thread", ConvertCount(env, operation.thread));
    object.Set("task", operation.task);
    object.Set("operation", operation.operation);
    object.Set("file", operation.file);
    object.Set("ms", ConvertCount(env, static_cast<uint64_t>(operation.elapsed.count())));
    array.Set(array.Length(), object);
  }
  return array;
}

Napi::Object ConvertStats(Napi::Env env, const ClientLoadStats& stats) {
  Napi::Object operations = Napi::Object::New(env);
  for (size_t i = 0; i < kOperationCount; i++) {
    operations.Set(kOperations[i].name, ConvertCount(env, stats.operations[i]));
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("operations", operations);
  object.Set("errors", ConvertErrors(env, stats.errors));
  object.Set("unexpected", ConvertUnexpected(env, stats.unexpected));
  object.Set("stuckThreads", ConvertStuck(env, stats.stuck));
  return object;
}

class ClientLoadWrap : public Napi::ObjectWrap<ClientLoadWrap>, public EnvironmentBound {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "ClientLoad",
        {InstanceMethod<&ClientLoadWrap::Start>("start"), InstanceMethod<&ClientLoadWrap::Stop>("stop"),
         InstanceMethod<&ClientLoadWrap::GiveUp>("giveUp"), InstanceMethod<&ClientLoadWrap::Stats>("stats"),
         InstanceMethod<&ClientLoadWrap::CloseLoad>("close")});
  }

  explicit ClientLoadWrap(const Napi::CallbackInfo& info) : ObjectWrap(info), EnvironmentBound(info.Env()) {
    const ClientLoadOptions options = ReadOptions(info[0].As<Napi::Object>());
    Guarded(info.Env(), [&] { load_ = std::make_shared<ClientLoad>(options); });
  }

  void Close() override { load_->Close(); }

 private:
  void Start(const Napi::CallbackInfo& info) {
    Guarded(info.Env(), [&] { load_->Start(); });
  }

  // Resolves once all threads have ended, or giveUp() was called.
  Napi::Value Stop(const Napi::CallbackInfo& info) {
    const auto settle = [load = load_](Napi::Env env, const Napi::Promise::Deferred& deferred) {
      deferred.Resolve(ConvertStats(env, load->Stats()));
    };
    const Completion completion = Completion::Create(info.Env(), settle);
    give_up_ = completion.fire;  // whoever comes first: the last thread to end, or who will not wait for it
    load_->Stop(give_up_);
    return completion.promise;
  }

  void GiveUp(const Napi::CallbackInfo&) {
    load_->Abandon();
    give_up_();
  }

  Napi::Value Stats(const Napi::CallbackInfo& info) { return ConvertStats(info.Env(), load_->Stats()); }
  void CloseLoad(const Napi::CallbackInfo&) { Close(); }

  std::shared_ptr<ClientLoad> load_;
  std::function<void()> give_up_ = [] {};
};

}  // namespace

void InitClientLoad(Napi::Env env, Napi::Object exports) {
  exports.Set("ClientLoad", ClientLoadWrap::Define(env));
}

}  // namespace fct
