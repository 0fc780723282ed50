// Scans what comes next of several CPUs in a thread of its own, while what has been scanned is decoded.
#ifndef FCT_TRACE_DECODE_AHEAD_H
#define FCT_TRACE_DECODE_AHEAD_H

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "trace_decode_scan.h"

namespace fct {

class ScanAhead {
 public:
  ScanAhead() = default;
  // Waits for the chunk that is being read.
  ~ScanAhead();
  ScanAhead(const ScanAhead&) = delete;
  ScanAhead& operator=(const ScanAhead&) = delete;

  // Before the first Exchange(), after which nobody else uses the scanner, which outlives us. Returns its
  // number.
  size_t Add(CpuScanner* scanner);
  // The next stretch of that scanner, for one that will be written to.
  std::unique_ptr<Stretch> Exchange(size_t number, std::unique_ptr<Stretch> spare);

 private:
  struct Lane {
    CpuScanner* scanner;
    std::unique_ptr<Stretch> stretch = std::make_unique<Stretch>();
    bool is_ready = false;
  };

  void Run();

  std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable ready_;
  std::vector<Lane> lanes_;
  std::deque<size_t> requests_;  // numbers of lanes
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_AHEAD_H
