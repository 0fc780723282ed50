#include "client_load_wrap.h"

#include <functional>
#include <memory>
#include <string>

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
  bool lossless = false;
  options.seed = from.Get("seed").As<Napi::BigInt>().Uint64Value(&lossless);
  options.size = static_cast<uint64_t>(number("size").Int64Value());
  options.deadline = std::chrono::milliseconds(number("deadlineMs").Int64Value());
  const Napi::Object mix = from.Get("mix").As<Napi::Object>();
  for (size_t i = 0; i < kOperations; i++) {
    options.mix[i] =
        mix.Has(kOperationNames[i]) ? mix.Get(kOperationNames[i]).As<Napi::Number>().Uint32Value() : 0;
  }
  return options;
}

Napi::Object ConvertStats(Napi::Env env, const ClientLoadStats& stats) {
  const auto number = [&](uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); };
  Napi::Object operations = Napi::Object::New(env);
  for (size_t i = 0; i < kOperations; i++) operations.Set(kOperationNames[i], number(stats.operations[i]));
  Napi::Object errors = Napi::Object::New(env);
  for (const auto& [name, count] : stats.errors) errors.Set(name, number(count));
  Napi::Object object = Napi::Object::New(env);
  object.Set("operations", operations);
  object.Set("errors", errors);
  object.Set("stuckThreads", number(stats.stuck_threads));
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

  void GiveUp(const Napi::CallbackInfo&) { give_up_(); }
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
