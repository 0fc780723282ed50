#include "renew.h"

#include <fcntl.h>
#include <linux/random.h>
#include <sys/ioctl.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "js_error.h"
#include "unique_fd.h"

namespace fct {
namespace {

constexpr size_t kMaxEntropy = 512;

// Has the kernel's generator begin anew with bytes that nobody else has.
void AddEntropy(const uint8_t* bytes, size_t size) {
  struct {
    int entropy_count;  // bits
    int buf_size;       // bytes
    std::array<uint8_t, kMaxEntropy> buf;
  } pool{};
  size = std::min(size, kMaxEntropy);
  pool.entropy_count = static_cast<int>(size * 8);
  pool.buf_size = static_cast<int>(size);
  std::memcpy(pool.buf.data(), bytes, size);
  const UniqueFd fd = OpenFile("/dev/urandom", O_WRONLY);
  if (ioctl(fd.get(), RNDADDENTROPY, &pool) != 0) throw ErrnoError(errno, "ioctl", "/dev/urandom");
  if (ioctl(fd.get(), RNDRESEEDCRNG) != 0) throw ErrnoError(errno, "ioctl", "/dev/urandom");
}

void SetClock(double milliseconds) {
  const auto whole = static_cast<int64_t>(milliseconds);
  const timespec time{whole / 1000, whole % 1000 * 1000000};
  if (clock_settime(CLOCK_REALTIME, &time) != 0) throw ErrnoError(errno, "clock_settime", "");
}

void RenewMachine(const Napi::CallbackInfo& info) {
  const double milliseconds = info[0].As<Napi::Number>();
  const auto entropy = info[1].As<Napi::Uint8Array>();
  Guarded(info.Env(), [&] {
    SetClock(milliseconds);
    AddEntropy(entropy.Data(), entropy.ElementLength());
  });
}

}  // namespace

void InitRenew(Napi::Env env, Napi::Object exports) {
  exports.Set("renewMachine", Napi::Function::New(env, RenewMachine, "renewMachine"));
}

}  // namespace fct
