// ClientLoad as a JavaScript class.
#ifndef FCT_CLIENT_LOAD_WRAP_H
#define FCT_CLIENT_LOAD_WRAP_H

#include <napi.h>

namespace fct {

// Exports the class ClientLoad(options) with start, stop, giveUp, stats and close.
void InitClientLoad(Napi::Env env, Napi::Object exports);

}  // namespace fct

#endif  // FCT_CLIENT_LOAD_WRAP_H
