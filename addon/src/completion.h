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
  // Has `settle` run on the event loop. From any thread, at any time; only the first call counts.
  std::function<void()> fire;

  static Completion Create(Napi::Env env, Settle settle);
};

}  // namespace fct

#endif  // FCT_COMPLETION_H
