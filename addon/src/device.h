// The ioctls of /dev/fctorture (kmod/fct_uapi.h).
#ifndef FCT_DEVICE_H
#define FCT_DEVICE_H

#include <napi.h>

namespace fct {

// Exports the class Device(path). Requests that may sleep in the kernel return promises and run on libuv's
// threads.
void InitDevice(Napi::Env env, Napi::Object exports);

}  // namespace fct

#endif  // FCT_DEVICE_H
