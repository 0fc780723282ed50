// Drains the raw pages of a tracing instance as its ring buffer fills, and ships them as frames. No Node in
// it.
#ifndef FCT_TRACE_READER_H
#define FCT_TRACE_READER_H

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "frame_pool.h"
#include "frame_writer.h"
#include "thread_group.h"
#include "trace_reader_cpu.h"

namespace fct {

struct TraceReaderOptions {
  std::string instance;                   // folder of the tracing instance
  int fd = -1;                            // where the frames go; stays the caller's
  std::chrono::milliseconds interval{1};  // a tick
  size_t pool_bytes = 0;
  std::chrono::milliseconds mark_silent{0};  // as for SilenceMarker
};

struct TraceReaderStats {
  uint64_t pages = 0;    // drained
  uint64_t bytes = 0;    // shipped, frame headers included
  uint64_t blocked = 0;  // ticks that ended because the pool was full; the ring buffer holds what was left
  std::exception_ptr error;  // what ended the stream early; null if nothing did
  bool is_complete = false;  // everything was shipped, the end mark included
};

class TraceReader {
 public:
  // Opens all that is needed; throws ErrnoError, or DecodeError if header_page is not understood.
  explicit TraceReader(const TraceReaderOptions& options);
  ~TraceReader() { Close(); }

  // Once.
  void Start();
  // Ships what the ring buffer still holds, then each CPU's stats and the end mark, and calls `done` from a
  // thread. Should tracing still be on, what is written meanwhile is left; the stats tell. Once, after
  // Start().
  void Stop(std::function<void()> done);
  // Ends the threads without shipping more, and gives descriptors and memory back. Idempotent; what comes
  // after it does nothing.
  void Close();
  TraceReaderStats Stats() const;

 private:
  struct Core;

  ThreadGroup threads_;
  std::shared_ptr<Core> core_;  // the threads hold it as well; null once closed
  TraceReaderStats last_;       // of a closed one
};

}  // namespace fct

#endif  // FCT_TRACE_READER_H
