// One CPU's end of a tracing instance: per_cpu/cpuN/trace_pipe_raw.
#ifndef FCT_TRACE_READER_CPU_H
#define FCT_TRACE_READER_CPU_H

#include <cstdint>
#include <string>
#include <vector>

#include "trace_decode_format.h"
#include "unique_fd.h"

namespace fct {

class CpuReader {
 public:
  // What a read gave. kPart: a sub-buffer less than half full, or the rest of one; the reader may have caught
  // up with the writer. kRetry: nothing now, although there may be something. kGone: the CPU's buffer has
  // been taken away.
  enum class Result { kFull, kPart, kEmpty, kRetry, kGone };

  // `page_size` = bytes of a sub-buffer. Throws ErrnoError.
  CpuReader(const std::string& instance, uint16_t cpu, uint32_t page_size);

  uint16_t cpu() const { return cpu_; }
  uint64_t NextSequence() { return sequence_++; }
  // Frames up to now.
  uint64_t sequence() const { return sequence_; }

  // Reads one sub-buffer to `into`, which has room for layout.page_size bytes; *length = those that mean
  // something. Throws ErrnoError, or DecodeError if what was read is no sub-buffer.
  Result Read(const PageLayout& layout, uint8_t* into, uint32_t* length);
  // Text of per_cpu/cpuN/stats.
  std::string ReadStats() const;
  // Tracefs refuses to remove an instance with open files.
  void Close() { fd_.Reset(); }

  // Pacing: to wake up costs more than to read, and each nearly empty sub-buffer would still take a whole one
  // in trace.dat. So a CPU is read when as much of its ring buffer should be full as the kernel wakes us up
  // at, or half as much, but not later than after kLongestWait ticks. Where the kernel does not wake us up, a
  // quarter of the ring; where it has done so, only it and kLongestWait say when, until the timer finds more
  // than that. Woken up, it reads as many as the kernel counts, and not the one that is still written: of
  // that the kernel copies event by event, and the rest makes one more.
  uint64_t due() const { return due_; }  // the tick
  // Whether it may as well be read when another one is due.
  bool IsNearlyDue(uint64_t tick) const { return due_ <= tick + (is_poll_trusted_ ? 0 : wait_ / 2); }
  // After each Read() of a tick, until it is no longer due.
  void Pace(uint64_t tick, Result result);
  // Nothing could be read for want of room.
  void Delay(uint64_t tick) {
    due_ = tick + 1;
    BeginTurn();
  }

  // A turn lasts until the writer has been caught up with, as the result of its last Read() shows. The first
  // one may give the rest of a sub-buffer that was read in part, with full ones behind it; only a later one
  // that is kPart is the writer's.
  void BeginTurn() { has_begun_ = false; }
  bool HasCaughtUp(Result result);

  // The kernel wakes whoever polls when buffer_percent of the ring buffer are full. Kernels before
  // 42fb0a1e84ff ("tracing/ring-buffer: Have polling block on watermark", 6.1) do so whenever there is
  // anything; as soon as that shows, -1, which poll() takes for nothing.
  int poll_fd() const { return is_poll_used_ ? fd_.get() : -1; }
  void Hurry() {
    is_hurried_ = true;
    due_ = 0;
  }

 private:
  static constexpr uint64_t kLongestWait = 128;  // ticks; bounds what a panic of the kernel takes with it

  std::string folder_;
  uint16_t cpu_;
  UniqueFd fd_;
  uint64_t sequence_ = 0;
  uint64_t due_ = 0;
  uint64_t wait_ = 1;  // ticks
  uint64_t ring_;      // sub-buffers of the ring buffer
  uint64_t mark_;      // how many of them are full when the kernel wakes us up, the writer's included
  uint64_t full_ = 0;  // sub-buffers of this tick
  bool has_begun_ = false;
  bool is_hurried_ = false;
  bool is_poll_used_ = true;
  bool is_poll_trusted_ = false;  // it has woken us up at the mark, and not been late since
};

// One for each per_cpu/cpuN of the instance, in the order of their numbers. Throws ErrnoError.
std::vector<CpuReader> OpenCpus(const std::string& instance, uint32_t page_size);

}  // namespace fct

#endif  // FCT_TRACE_READER_CPU_H
