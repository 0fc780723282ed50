#include "debugfs.h"

#include <string>

#include "js_error.h"
#include "unique_fd.h"

namespace fct {
namespace {

void WriteOnce(const std::string& path, const std::string& value) {
  const UniqueFd fd = OpenFile(path, O_WRONLY);
  ssize_t written;
  do {
    written = ::write(fd.get(), value.data(), value.size());
  } while (written < 0 && errno == EINTR);
  if (written < 0) throw ErrnoError(errno, "write", path);
  if (static_cast<size_t>(written) != value.size()) throw ErrnoError(EIO, "write", path);
}

Napi::Value ReadDebugfs(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>();
  return Guarded(info.Env(), [&] { return Napi::String::New(info.Env(), ReadWholeFile(path)); });
}

void WriteDebugfs(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>();
  const std::string value = info[1].As<Napi::String>();
  Guarded(info.Env(), [&] { WriteOnce(path, value); });
}

}  // namespace

void InitDebugfs(Napi::Env env, Napi::Object exports) {
  exports.Set("readDebugfs", Napi::Function::New(env, ReadDebugfs, "readDebugfs"));
  exports.Set("writeDebugfs", Napi::Function::New(env, WriteDebugfs, "writeDebugfs"));
}

}  // namespace fct
