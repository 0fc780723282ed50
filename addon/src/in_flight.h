// What each thread of a load is at, and since when.
#ifndef FCT_IN_FLIGHT_H
#define FCT_IN_FLIGHT_H

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace fct {

struct OperationInFlight {
  uint32_t thread = 0;
  int task = 0;  // the kernel's number of the thread
  const char* operation = nullptr;
  std::string file;
  std::chrono::milliseconds elapsed{0};
};

// Threads write, each for itself, while others read.
class InFlight {
 public:
  explicit InFlight(uint32_t threads) : threads_(threads), slots_(new Slot[threads]) {}

  void Begin(uint32_t thread, const char* operation, const std::string& file);
  void End(uint32_t thread);
  // Those that take `least` by now, or longer.
  std::vector<OperationInFlight> List(std::chrono::milliseconds least) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Slot {
    mutable std::mutex mutex;
    const char* operation = nullptr;  // null: none
    int task = 0;
    std::string file;
    Clock::time_point began;
  };

  uint32_t threads_;
  std::unique_ptr<Slot[]> slots_;
};

}  // namespace fct

#endif  // FCT_IN_FLIGHT_H
