#include "device.h"

#include <fct_uapi.h>
#include <sys/ioctl.h>

#include <memory>
#include <string>

#include "instance_data.h"
#include "js_error.h"
#include "promise_worker.h"
#include "unique_fd.h"

namespace fct {
namespace {

// Shared with requests under way, so that close() does not take the descriptor from under them.
struct Handle {
  UniqueFd fd;
  std::string path;
};

void Request(const Handle& handle, unsigned long request, void* argument) {
  if (::ioctl(handle.fd.get(), request, argument) < 0) throw ErrnoError(errno, "ioctl", handle.path);
}

Napi::Number ToNumber(Napi::Env env, uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

Napi::Object ConvertStressor(Napi::Env env, const fct_stressor_stats& stats) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("called", ToNumber(env, stats.called));
  object.Set("useful", ToNumber(env, stats.useful));
  object.Set("raced", ToNumber(env, stats.raced));
  return object;
}

Napi::Object ConvertPct(Napi::Env env, const fct_pct_stats& stats) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("rounds", ToNumber(env, stats.rounds));
  object.Set("cut", ToNumber(env, stats.cut));
  object.Set("passes", ToNumber(env, stats.passes));
  object.Set("threads", ToNumber(env, stats.threads));
  object.Set("leftOut", ToNumber(env, stats.left_out));
  return object;
}

// Stressors in the order of enum fct_stressor_id; exposure as rows [a][b], of which a <= b are meant.
Napi::Object ConvertStats(Napi::Env env, const fct_stats& stats) {
  Napi::Array stressors = Napi::Array::New(env, FCT_NR_STRESSORS);
  Napi::Array exposure = Napi::Array::New(env, FCT_NR_STRESSORS);
  for (uint32_t a = 0; a < FCT_NR_STRESSORS; a++) {
    stressors[a] = ConvertStressor(env, stats.stressor[a]);
    Napi::Array row = Napi::Array::New(env, FCT_NR_STRESSORS);
    for (uint32_t b = 0; b < FCT_NR_STRESSORS; b++) row[b] = ToNumber(env, stats.exposure[a][b]);
    exposure[a] = row;
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("stressors", stressors);
  object.Set("exposure", exposure);
  object.Set("observed", ToNumber(env, stats.observed));
  object.Set("busted", ToNumber(env, stats.busted));
  object.Set("injected", ToNumber(env, stats.injected));
  object.Set("running", Napi::Boolean::New(env, stats.running != 0));
  object.Set("nfsdUp", Napi::Boolean::New(env, stats.nfsd_up != 0));
  object.Set("targets", ToNumber(env, stats.nr_targets));
  object.Set("captured", ToNumber(env, stats.nr_captured));
  object.Set("sweepStep", ToNumber(env, stats.sweep.step));
  object.Set("sweepOffsetNs", Napi::Number::New(env, static_cast<double>(stats.sweep.offset_ns)));
  object.Set("pct", ConvertPct(env, stats.pct));
  return object;
}

class DeviceWrap : public Napi::ObjectWrap<DeviceWrap>, public EnvironmentBound {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "Device",
        {InstanceMethod<&DeviceWrap::Info>("info"), InstanceMethod<&DeviceWrap::AddTarget>("addTarget"),
         InstanceMethod<&DeviceWrap::RemoveTarget>("removeTarget"),
         InstanceMethod<&DeviceWrap::Start>("start"), InstanceMethod<&DeviceWrap::Stop>("stop"),
         InstanceMethod<&DeviceWrap::Phase>("phase"), InstanceMethod<&DeviceWrap::Stats>("stats"),
         InstanceMethod<&DeviceWrap::CloseSync>("closeSync"), InstanceMethod<&DeviceWrap::Shrink>("shrink"),
         InstanceMethod<&DeviceWrap::Gc>("gc"), InstanceMethod<&DeviceWrap::CloseDevice>("close")});
  }

  explicit DeviceWrap(const Napi::CallbackInfo& info) : ObjectWrap(info), EnvironmentBound(info.Env()) {
    path_ = info[0].As<Napi::String>();
    Guarded(info.Env(), [&] { handle_ = std::make_shared<Handle>(Handle{OpenFile(path_, O_RDWR), path_}); });
  }

  void Close() override { handle_.reset(); }

 private:
  Napi::Value Info(const Napi::CallbackInfo& info) {
    fct_info answer = {};
    Do(info.Env(), FCT_IOC_INFO, &answer);
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("abi", ToNumber(info.Env(), answer.abi));
    object.Set("stressors", ToNumber(info.Env(), answer.nr_stressors));
    object.Set("capabilities", Napi::BigInt::New(info.Env(), static_cast<uint64_t>(answer.capabilities)));
    return object;
  }

  void AddTarget(const Napi::CallbackInfo& info) { Aim(info, FCT_IOC_ADD_TARGET); }
  void RemoveTarget(const Napi::CallbackInfo& info) { Aim(info, FCT_IOC_DEL_TARGET); }

  void Start(const Napi::CallbackInfo& info) {
    bool lossless = false;
    fct_start start = {};
    start.seed = info[0].As<Napi::BigInt>().Uint64Value(&lossless);
    Do(info.Env(), FCT_IOC_START, &start);
  }

  void Phase(const Napi::CallbackInfo& info) {
    fct_phase_mark mark = {};
    mark.phase = info[0].As<Napi::Number>();
    Do(info.Env(), FCT_IOC_PHASE, &mark);
  }

  Napi::Value Stats(const Napi::CallbackInfo& info) {
    fct_stats stats = {};
    Do(info.Env(), FCT_IOC_STATS, &stats);
    return ConvertStats(info.Env(), stats);
  }

  Napi::Value Stop(const Napi::CallbackInfo& info) {
    return DoOffLoop(info.Env(), FCT_IOC_STOP, 0, [](Napi::Env env, int) { return env.Undefined(); });
  }

  Napi::Value CloseSync(const Napi::CallbackInfo& info) {
    fct_close_sync request = {};
    request.fd = info[0].As<Napi::Number>();
    return DoOffLoop(info.Env(), FCT_IOC_CLOSE_SYNC, request,
                     [](Napi::Env env, const fct_close_sync& answer) {
                       Napi::Object object = Napi::Object::New(env);
                       object.Set("cachedBefore", Napi::Boolean::New(env, answer.cached_before != 0));
                       object.Set("cachedAfter", Napi::Boolean::New(env, answer.cached_after != 0));
                       return object;
                     });
  }

  Napi::Value Shrink(const Napi::CallbackInfo& info) {
    fct_shrink_once request = {};
    request.nr_to_scan = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
    return DoOffLoop(info.Env(), FCT_IOC_SHRINK, request, [](Napi::Env env, const fct_shrink_once& answer) {
      Napi::Object object = Napi::Object::New(env);
      object.Set("freed", ToNumber(env, answer.freed));
      object.Set("lruAfter", ToNumber(env, answer.lru_after));
      return object;
    });
  }

  Napi::Value Gc(const Napi::CallbackInfo& info) {
    return DoOffLoop(info.Env(), FCT_IOC_GC, fct_gc_once{}, [](Napi::Env env, const fct_gc_once& answer) {
      Napi::Object object = Napi::Object::New(env);
      object.Set("lruBefore", ToNumber(env, answer.lru_before));
      object.Set("lruAfter", ToNumber(env, answer.lru_after));
      return object;
    });
  }

  void CloseDevice(const Napi::CallbackInfo&) { Close(); }

  void Aim(const Napi::CallbackInfo& info, unsigned long request) {
    fct_target target = {};
    target.fd = info[0].As<Napi::Number>();
    Do(info.Env(), request, &target);
  }

  void Do(Napi::Env env, unsigned long request, void* argument) {
    Guarded(env, [&] { Request(*OpenHandle(), request, argument); });
  }

  template <typename Argument, typename Convert>
  Napi::Value DoOffLoop(Napi::Env env, unsigned long request, Argument argument, Convert convert) {
    const auto handle = Guarded(env, [&] { return OpenHandle(); });
    const auto work = [handle, request, argument]() mutable {
      Request(*handle, request, &argument);
      return argument;
    };
    return RunOffLoop(env, work, convert);
  }

  std::shared_ptr<const Handle> OpenHandle() const {
    if (!handle_) throw ErrnoError(EBADF, "ioctl", path_);
    return handle_;
  }

  std::string path_;
  std::shared_ptr<const Handle> handle_;
};

}  // namespace

void InitDevice(Napi::Env env, Napi::Object exports) { exports.Set("Device", DeviceWrap::Define(env)); }

}  // namespace fct
