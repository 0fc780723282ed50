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
  // What a read gave. kPart: a sub-buffer less than half full, so that the reader has caught up with the
  // writer. kRetry: nothing now, although there may be something. kGone: the CPU's buffer has been taken
  // away.
  enum class Result { kFull, kPart, kEmpty, kRetry, kGone };

  CpuReader(const std::string& instance, uint16_t cpu);

  uint16_t cpu() const { return cpu_; }
  uint64_t NextSequence() { return sequence_++; }

  // Reads one sub-buffer to `into`, which has room for layout.page_size bytes; *length = those that mean
  // something. Throws ErrnoError, or DecodeError if what was read is no sub-buffer.
  Result Read(const PageLayout& layout, uint8_t* into, uint32_t* length);
  // Text of per_cpu/cpuN/stats.
  std::string ReadStats() const;
  // Tracefs refuses to remove an instance with open files.
  void Close() { fd_.Reset(); }

  // Pacing: each nearly empty sub-buffer would still take a whole one in trace.dat, and to look costs more
  // than to read, so that a slow CPU is read less often.
  uint64_t due() const { return due_; }  // the tick
  // After each Read() of a tick, until one has not been kFull.
  void Pace(uint64_t tick, Result result);

 private:
  static constexpr uint64_t kLongestWait = 32;  // ticks; bounds what a panic of the kernel takes with it
  static constexpr uint32_t kMany = 4;          // sub-buffers of a tick; a small part of any ring buffer

  std::string folder_;
  uint16_t cpu_;
  UniqueFd fd_;
  uint64_t sequence_ = 0;
  uint64_t due_ = 0;
  uint64_t wait_ = 1;  // a power of two
  uint32_t full_ = 0;  // sub-buffers of this tick
};

// One for each per_cpu/cpuN of the instance, in the order of their numbers. Throws ErrnoError.
std::vector<CpuReader> OpenCpus(const std::string& instance);

}  // namespace fct

#endif  // FCT_TRACE_READER_CPU_H
