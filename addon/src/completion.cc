#include "completion.h"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace fct {
namespace {

struct Context;
void CallSettle(Napi::Env env, Napi::Function, Context* context, void*);
using Function = Napi::TypedThreadSafeFunction<Context, void, CallSettle>;

// The way to the event loop, as long as there is one. Node frees a thread-safe function when its environment
// ends, whether threads still hold it or not, so that whoever calls has to be kept away by ourselves.
class Channel {
 public:
  void Open(const Function& function) { function_ = function; }

  void Fire() {
    const std::lock_guard lock(mutex_);
    if (!function_) return;
    function_->NonBlockingCall();
    function_->Release();
    function_.reset();
  }

  // Clean-up hooks run in the reverse order of their making: this one before Node's own for the function.
  static void Shut(void* channel) {
    auto* self = static_cast<Channel*>(channel);
    const std::lock_guard lock(self->mutex_);
    self->function_.reset();
  }

 private:
  std::mutex mutex_;
  std::optional<Function> function_;
};

struct Context {
  Napi::Promise::Deferred deferred;
  Completion::Settle settle;
  std::shared_ptr<Channel> channel;
};

void CallSettle(Napi::Env env, Napi::Function, Context* context, void*) {
  if (env == nullptr) return;
  napi_remove_env_cleanup_hook(env, Channel::Shut, context->channel.get());
  context->settle(env, context->deferred);
}

}  // namespace

Completion Completion::Create(Napi::Env env, Settle settle) {
  const auto channel = std::make_shared<Channel>();
  auto* context = new Context{Napi::Promise::Deferred::New(env), std::move(settle), channel};
  const Napi::Promise promise = context->deferred.Promise();
  const auto forget = [](Napi::Env, void*, Context* finished) { delete finished; };
  channel->Open(Function::New(env, "fctorture", 0, 1, context, forget));
  napi_add_env_cleanup_hook(env, Channel::Shut, channel.get());
  return {promise, [channel] { channel->Fire(); }};
}

}  // namespace fct
