// Threads of our own that may hang in the kernel (a write to a dead port, a hard NFS mount) and must then be
// left behind.
#ifndef FCT_THREAD_GROUP_H
#define FCT_THREAD_GROUP_H

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace fct {

class ThreadGroup {
 public:
  ThreadGroup();

  // Starts a detached thread. `body` must own what it uses, for it may outlive this object; it must not
  // throw. Throws ErrnoError if the system has no thread left.
  void Spawn(const char* name, std::function<void()> body);

  uint32_t running() const;
  // True if all threads have ended within the time.
  bool WaitForAll(std::chrono::milliseconds longest) const;
  // Calls `call` once: from the last thread, or at once if none is running.
  void WhenAllEnded(std::function<void()> call);

 private:
  struct State;
  static void Leave(State* state);

  std::shared_ptr<State> state_;
};

}  // namespace fct

#endif  // FCT_THREAD_GROUP_H
