#include "instance_data.h"

namespace fct {

void InstanceData::Create(Napi::Env env) {
  auto* data = new InstanceData();
  env.SetInstanceData<InstanceData>(data);
  // The hook runs when a worker is terminated as well, long before finalizers do.
  env.AddCleanupHook([open_objects = data->open_objects_] { open_objects->CloseAll(); });
}

std::shared_ptr<OpenObjects> InstanceData::OpenObjectsOf(Napi::Env env) {
  return env.GetInstanceData<InstanceData>()->open_objects_;
}

}  // namespace fct
