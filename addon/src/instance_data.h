// What belongs to one Node environment (the main thread or a worker). The addon has no globals.
#ifndef FCT_INSTANCE_DATA_H
#define FCT_INSTANCE_DATA_H

#include <napi.h>

#include <memory>
#include <set>

namespace fct {

// A native object with descriptors or threads that must not outlive its environment.
class Closable {
 public:
  virtual ~Closable() = default;
  // Idempotent; returns within about a second even if a thread hangs in the kernel.
  virtual void Close() = 0;
};

// The open objects of an environment. Objects hold it too, for V8 may finalize them after the instance data.
class OpenObjects {
 public:
  void Add(Closable* object) { objects_.insert(object); }
  void Remove(Closable* object) { objects_.erase(object); }
  void CloseAll() {
    for (Closable* object : std::set<Closable*>(objects_)) object->Close();
  }

 private:
  std::set<Closable*> objects_;
};

class InstanceData {
 public:
  // Creates the environment's data and its clean-up hook. Called once per environment, by the module's init.
  static void Create(Napi::Env env);
  static std::shared_ptr<OpenObjects> OpenObjectsOf(Napi::Env env);

 private:
  std::shared_ptr<OpenObjects> open_objects_ = std::make_shared<OpenObjects>();
};

// Base of the wrapped classes: registered while it lives, closed by the clean-up hook.
class EnvironmentBound : public Closable {
 public:
  explicit EnvironmentBound(Napi::Env env) : open_objects_(InstanceData::OpenObjectsOf(env)) {
    open_objects_->Add(this);
  }
  ~EnvironmentBound() override { open_objects_->Remove(this); }
  EnvironmentBound(const EnvironmentBound&) = delete;
  EnvironmentBound& operator=(const EnvironmentBound&) = delete;

 private:
  std::shared_ptr<OpenObjects> open_objects_;
};

}  // namespace fct

#endif  // FCT_INSTANCE_DATA_H
