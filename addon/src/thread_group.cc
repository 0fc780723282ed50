#include "thread_group.h"

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "errno_error.h"

namespace fct {
namespace {

// Threads inherit the mask; signals are for Node's own threads.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

struct ThreadGroup::State {
  mutable std::mutex mutex;
  mutable std::condition_variable ended;
  uint32_t running = 0;
  std::function<void()> when_all_ended;
};

ThreadGroup::ThreadGroup() : state_(std::make_shared<State>()) {}

void ThreadGroup::Spawn(const char* name, std::function<void()> body) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->running++;
  }
  const SignalsBlocked blocked;
  try {
    std::thread([state = state_, name, body = std::move(body)]() mutable {
      pthread_setname_np(pthread_self(), name);
      body();
      body = nullptr;  // what it owns has gone when it counts as ended
      Leave(state.get());
    }).detach();
  } catch (const std::system_error& error) {
    Leave(state_.get());
    throw ErrnoError(error.code().value(), "pthread_create", "");
  }
}

void ThreadGroup::Leave(State* state) {
  std::function<void()> call;
  {
    const std::lock_guard lock(state->mutex);
    if (--state->running == 0) call = std::exchange(state->when_all_ended, nullptr);
    state->ended.notify_all();
  }
  if (call) call();
}

uint32_t ThreadGroup::running() const {
  const std::lock_guard lock(state_->mutex);
  return state_->running;
}

bool ThreadGroup::WaitForAll(std::chrono::milliseconds longest) const {
  std::unique_lock lock(state_->mutex);
  return state_->ended.wait_for(lock, longest, [&] { return state_->running == 0; });
}

void ThreadGroup::WhenAllEnded(std::function<void()> call) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->running > 0) {
      state_->when_all_ended = std::move(call);
      return;
    }
  }
  call();
}

}  // namespace fct
