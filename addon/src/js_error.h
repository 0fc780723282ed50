// Turns the C++ errors of the pure parts into JavaScript errors that look like Node's own.
#ifndef FCT_JS_ERROR_H
#define FCT_JS_ERROR_H

#include <napi.h>

#include <exception>
#include <utility>

namespace fct {

// ErrnoError: code, errno (negative), syscall, path. DecodeError: code, offset. std::bad_alloc: code ENOMEM.
Napi::Error ToJsError(Napi::Env env, std::exception_ptr error);

// Runs `work` and rethrows what it throws as a JavaScript error.
template <typename Work>
auto Guarded(Napi::Env env, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw ToJsError(env, std::current_exception());
  }
}

}  // namespace fct

#endif  // FCT_JS_ERROR_H
