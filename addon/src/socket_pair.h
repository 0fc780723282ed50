// Two ends of a connection that only those have who are given them.
#ifndef FCT_SOCKET_PAIR_H
#define FCT_SOCKET_PAIR_H

#include <napi.h>

namespace fct {

// socketPair(): two connected stream sockets as descriptors; they are the caller's.
void InitSocketPair(Napi::Env env, Napi::Object exports);

}  // namespace fct

#endif  // FCT_SOCKET_PAIR_H
