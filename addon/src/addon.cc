// Entry point of fctorture.node, called once for every environment that loads it.
#include <napi.h>

#include "client_load_wrap.h"
#include "debugfs.h"
#include "device.h"
#include "instance_data.h"
#include "life_walk_wrap.h"
#include "read_trace.h"
#include "renew.h"
#include "socket_pair.h"
#include "trace_batches.h"
#include "trace_reader_wrap.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  fct::InstanceData::Create(env);
  fct::InitDebugfs(env, exports);
  fct::InitDevice(env, exports);
  fct::InitTraceReader(env, exports);
  fct::InitClientLoad(env, exports);
  fct::InitReadTrace(env, exports);
  fct::InitRenew(env, exports);
  fct::InitSocketPair(env, exports);
  fct::InitTraceBatches(env, exports);
  fct::InitLifeWalk(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(fctorture, Init)
