// One blocking call on libuv's threads, answered by a promise.
#ifndef FCT_PROMISE_WORKER_H
#define FCT_PROMISE_WORKER_H

#include <napi.h>

#include <exception>
#include <utility>

#include "js_error.h"

namespace fct {

// `work` runs off the event loop and returns a Result; `convert` makes a JavaScript value of it on the event
// loop. What either throws rejects the promise.
template <typename Result, typename Work, typename Convert>
class PromiseWorker : public Napi::AsyncWorker {
 public:
  PromiseWorker(Napi::Env env, Work work, Convert convert)
      : AsyncWorker(env, "fctorture"), deferred_(env), work_(std::move(work)), convert_(std::move(convert)) {}

  Napi::Promise Promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    try {
      result_ = work_();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }

  void OnOK() override {
    if (failure_) return deferred_.Reject(ToJsError(Env(), failure_).Value());
    try {
      deferred_.Resolve(convert_(Env(), std::move(result_)));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    } catch (...) {
      deferred_.Reject(ToJsError(Env(), std::current_exception()).Value());
    }
  }

 private:
  Napi::Promise::Deferred deferred_;
  Work work_;
  Convert convert_;
  Result result_{};
  std::exception_ptr failure_;
};

template <typename Work, typename Convert>
Napi::Promise RunOffLoop(Napi::Env env, Work work, Convert convert) {
  using Result = decltype(work());
  auto* worker = new PromiseWorker<Result, Work, Convert>(env, std::move(work), std::move(convert));
  const Napi::Promise promise = worker->Promise();
  worker->Queue();
  return promise;
}

}  // namespace fct

#endif  // FCT_PROMISE_WORKER_H
