// Lines in the trace of CPUs that have long been silent: whoever puts the events of all CPUs in order knows
// then that nothing from before the line is still to come.
#ifndef FCT_SILENCE_MARKER_H
#define FCT_SILENCE_MARKER_H

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thread_group.h"
#include "trace_reader_cpu.h"

namespace fct {

// A line is written on the CPU itself. Events take stamp and place with preemption off, so whatever was under
// way there has its place before it, whatever the clock.
class SilenceMarker {
 public:
  // Never marks anything if `after` is 0. Throws ErrnoError.
  SilenceMarker(const std::string& instance, std::chrono::milliseconds after);

  // From time to time: marks the CPUs of which nothing was read for `after`.
  void Look(const std::vector<CpuReader>& cpus);
  // Gives the instance up, unless a CPU holds the thread that writes to it.
  void Close();

 private:
  using Clock = std::chrono::steady_clock;

  std::chrono::milliseconds after_;
  std::shared_ptr<const UniqueFd> trace_marker_;  // null if there is nothing to do
  ThreadGroup threads_;                           // one at most: it waits for each CPU
  Clock::time_point next_;
  std::vector<uint64_t> read_;  // frames of each CPU when we looked last
};

}  // namespace fct

#endif  // FCT_SILENCE_MARKER_H
