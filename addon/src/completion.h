// A promise that any thread can settle, and that does not hold up the end of its environment (an AsyncWorker
// would).
#ifndef FCT_COMPLETION_H
#define FCT_COMPLETION_H

#include <napi.h>

#include <functional>

namespace fct {

struct Completion {
  using Settle = std::function<void(Napi::Env, const Napi::Promise::Deferred&)>;

  Napi::Promise promise;
  // To be called exactly once or not at all, from any thread; has `settle` run on the event loop.
  std::function<void()> fire;

  static Completion Create(Napi::Env env, Settle settle);
};

}  // namespace fct

#endif  // FCT_COMPLETION_H
