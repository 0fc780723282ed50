#include "in_flight.h"

#include <unistd.h>

namespace fct {

void InFlight::Begin(uint32_t thread, const char* operation, const std::string& file) {
  Slot& slot = slots_[thread];
  const std::lock_guard lock(slot.mutex);
  slot.operation = operation;
  slot.task = gettid();
  slot.file = file;
  slot.began = Clock::now();
}

void InFlight::End(uint32_t thread) {
  Slot& slot = slots_[thread];
  const std::lock_guard lock(slot.mutex);
  slot.operation = nullptr;
}

std::vector<OperationInFlight> InFlight::List(std::chrono::milliseconds least) const {
  std::vector<OperationInFlight> list;
  for (uint32_t thread = 0; thread < threads_; thread++) {
    const Slot& slot = slots_[thread];
    const std::lock_guard lock(slot.mutex);
    if (slot.operation == nullptr) continue;
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - slot.began);
    if (elapsed >= least) list.push_back({thread, slot.task, slot.operation, slot.file, elapsed});
  }
  return list;
}

}  // namespace fct
