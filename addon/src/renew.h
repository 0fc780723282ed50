// What a machine needs that was saved once and resumes many times.
#ifndef FCT_RENEW_H
#define FCT_RENEW_H

#include <napi.h>

namespace fct {

// renewMachine(milliseconds, entropy): sets the clock, and reseeds the kernel's random numbers.
void InitRenew(Napi::Env env, Napi::Object exports);

}  // namespace fct

#endif  // FCT_RENEW_H
