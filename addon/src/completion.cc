#include "completion.h"

#include <utility>

namespace fct {
namespace {

struct Context {
  Napi::Promise::Deferred deferred;
  Completion::Settle settle;
};

void CallSettle(Napi::Env env, Napi::Function, Context* context, void*) {
  if (env != nullptr) context->settle(env, context->deferred);
}

using Function = Napi::TypedThreadSafeFunction<Context, void, CallSettle>;

}  // namespace

Completion Completion::Create(Napi::Env env, Settle settle) {
  auto* context = new Context{Napi::Promise::Deferred::New(env), std::move(settle)};
  const Napi::Promise promise = context->deferred.Promise();
  const auto forget = [](Napi::Env, void*, Context* finished) { delete finished; };
  Function function = Function::New(env, "fctorture", 0, 1, context, forget);
  const auto fire = [function]() mutable {
    // Once the environment is ending, the call itself gives up this thread's hold.
    if (function.NonBlockingCall() != napi_closing) function.Release();
  };
  return {promise, fire};
}

}  // namespace fct
