#include "socket_pair.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "errno_error.h"
#include "js_error.h"

namespace fct {
namespace {

Napi::Value SocketPair(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto fds = Guarded(env, [] {
    std::array<int, 2> pair{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
      throw ErrnoError(errno, "socketpair", "");
    return pair;
  });
  Napi::Array ends = Napi::Array::New(env, fds.size());
  for (size_t i = 0; i < fds.size(); i++) ends[static_cast<uint32_t>(i)] = Napi::Number::New(env, fds[i]);
  return ends;
}

}  // namespace

void InitSocketPair(Napi::Env env, Napi::Object exports) {
  exports.Set("socketPair", Napi::Function::New(env, SocketPair, "socketPair"));
}

}  // namespace fct
