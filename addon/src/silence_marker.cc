#include "silence_marker.h"

#include <sched.h>

#include <string_view>

namespace fct {
namespace {

constexpr std::chrono::milliseconds kCloseWait{1000};
constexpr std::string_view kLine = "silent\n";

// False if it is offline, or not ours.
bool MoveTo(uint16_t cpu) {
  std::vector<cpu_set_t> set(cpu / CPU_SETSIZE + 1);
  const size_t bytes = set.size() * sizeof(cpu_set_t);
  CPU_ZERO_S(bytes, set.data());
  CPU_SET_S(cpu, bytes, set.data());
  return ::sched_setaffinity(0, bytes, set.data()) == 0;
}

// A line that cannot be written is as good as one that is late: nobody relies on it.
void MarkAll(const UniqueFd& trace_marker, const std::vector<uint16_t>& cpus) {
  for (const uint16_t cpu : cpus) {
    if (!MoveTo(cpu)) continue;
    [[maybe_unused]] const ssize_t ignored = ::write(trace_marker.get(), kLine.data(), kLine.size());
  }
}

}  // namespace

SilenceMarker::SilenceMarker(const std::string& instance, std::chrono::milliseconds after)
    : after_(after), next_(Clock::now() + after) {
  if (after.count() > 0)
    trace_marker_ = std::make_shared<const UniqueFd>(OpenFile(instance + "/trace_marker", O_WRONLY));
}

void SilenceMarker::Look(const std::vector<CpuReader>& cpus) {
  if (!trace_marker_ || Clock::now() < next_) return;
  next_ = Clock::now() + after_;
  read_.resize(cpus.size());
  std::vector<uint16_t> silent;
  for (size_t i = 0; i < cpus.size(); i++) {
    if (read_[i] == cpus[i].sequence()) silent.push_back(cpus[i].cpu());
    read_[i] = cpus[i].sequence();
  }
  if (silent.empty() || threads_.running() > 0) return;
  try {
    threads_.Spawn("fct-mark", [fd = trace_marker_, silent] { MarkAll(*fd, silent); });
  } catch (const ErrnoError&) {
    // The system has no thread left; the trace itself is not to suffer for it.
  }
}

void SilenceMarker::Close() {
  threads_.WaitForAll(kCloseWait);
  trace_marker_.reset();
}

}  // namespace fct
