#include "js_error.h"

#include <cerrno>
#include <new>

#include "errno_error.h"
#include "trace_decode_error.h"

namespace fct {
namespace {

Napi::Error FromErrno(Napi::Env env, const ErrnoError& error) {
  Napi::Error result = Napi::Error::New(env, error.what());
  result.Set("code", error.code());
  result.Set("errno", Napi::Number::New(env, -error.number()));
  result.Set("syscall", error.syscall());
  if (!error.path().empty()) result.Set("path", error.path());
  return result;
}

Napi::Error FromDecode(Napi::Env env, const DecodeError& error) {
  Napi::Error result = Napi::Error::New(env, error.what());
  result.Set("code", error.code());
  result.Set("offset", Napi::Number::New(env, static_cast<double>(error.offset())));
  return result;
}

}  // namespace

Napi::Error ToJsError(Napi::Env env, std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const ErrnoError& failure) {
    return FromErrno(env, failure);
  } catch (const DecodeError& failure) {
    return FromDecode(env, failure);
  } catch (const std::bad_alloc&) {
    return FromErrno(env, ErrnoError(ENOMEM, "malloc", ""));
  } catch (const std::exception& failure) {
    return Napi::Error::New(env, failure.what());
  }
}

}  // namespace fct
