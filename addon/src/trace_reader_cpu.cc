#include "trace_reader_cpu.h"

#include <dirent.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "trace_decode_page.h"

namespace fct {
namespace {

// -1 if the name is not "cpu" and a number.
int CpuNumber(const char* name) {
  if (std::strncmp(name, "cpu", 3) != 0) return -1;
  uint16_t number = 0;
  const char* end = name + std::strlen(name);
  const auto [parsed, error] = std::from_chars(name + 3, end, number);
  return error == std::errc() && parsed == end ? number : -1;
}

std::vector<uint16_t> ListCpus(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(folder.c_str()), ::closedir);
  if (!directory) throw ErrnoError(errno, "opendir", folder);
  std::vector<uint16_t> cpus;
  while (const dirent* entry = ::readdir(directory.get())) {
    const int cpu = CpuNumber(entry->d_name);
    if (cpu >= 0) cpus.push_back(static_cast<uint16_t>(cpu));
  }
  std::sort(cpus.begin(), cpus.end());
  return cpus;
}

// The file says "64", or "7 (expanded: 1408)" before the first use.
uint64_t ReadRingBytes(const std::string& folder) {
  const std::string text = ReadWholeFile(folder + "/buffer_size_kb");
  const size_t expanded = text.find(':');
  const char* const number = text.c_str() + (expanded == std::string::npos ? 0 : expanded + 1);
  return std::strtoull(number, nullptr, 10) * 1024;
}

// At how many percent the kernel wakes who polls; kernels before 5.0 do not say.
uint64_t ReadWakePercent(const std::string& instance) {
  const std::string path = instance + "/buffer_percent";
  return ::access(path.c_str(), F_OK) == 0 ? std::strtoull(ReadWholeFile(path).c_str(), nullptr, 10) : 50;
}

CpuReader::Result ResultOfErrno(int number, const std::string& folder) {
  switch (number) {
    case EAGAIN:
      return CpuReader::Result::kEmpty;
    case EINTR:
    case EBUSY:   // a snapshot is being taken, or the buffer resized
    case ENOMEM:  // no spare page for the swap
      return CpuReader::Result::kRetry;
    case ENODEV:
      return CpuReader::Result::kGone;
    default:
      throw ErrnoError(number, "read", folder + "/trace_pipe_raw");
  }
}

}  // namespace

CpuReader::CpuReader(const std::string& instance, uint16_t cpu, uint32_t page_size)
    : folder_(instance + "/per_cpu/cpu" + std::to_string(cpu)),
      cpu_(cpu),
      fd_(OpenFile(folder_ + "/trace_pipe_raw", O_RDONLY | O_NONBLOCK)),
      ring_(std::max<uint64_t>(ReadRingBytes(folder_) / page_size, 4)),
      mark_(std::max<uint64_t>(ring_ * ReadWakePercent(instance) / 100, 2)) {}

CpuReader::Result CpuReader::Read(const PageLayout& layout, uint8_t* into, uint32_t* length) {
  if (!fd_.is_open()) return Result::kGone;
  const ssize_t got = ::read(fd_.get(), into, layout.page_size);
  if (got < 0) return ResultOfErrno(errno, folder_);
  // tracing_buffers_read() answers 0 when an event at the reader's place is not committed yet.
  if (got == 0) return Result::kRetry;
  if (got != static_cast<ssize_t>(layout.page_size))
    throw ErrnoError(EIO, "read", folder_ + "/trace_pipe_raw");
  const PageHeader header = ReadPageHeader(layout, into, 0);
  *length = layout.data_offset + header.committed + (header.missed ? layout.commit_size : 0);
  return *length < layout.page_size / 2 ? Result::kPart : Result::kFull;
}

std::string CpuReader::ReadStats() const { return ReadWholeFile(folder_ + "/stats"); }

bool CpuReader::HasCaughtUp(Result result) {
  const bool is_first = !has_begun_;
  has_begun_ = result == Result::kFull || (result == Result::kPart && is_first);
  return !has_begun_;
}

void CpuReader::Pace(uint64_t tick, Result result) {
  full_ += result == Result::kFull;
  if (is_hurried_ && full_ == mark_ - 1) {
    BeginTurn();
  } else if (!HasCaughtUp(result)) {
    return;  // there may be more at once
  }
  if (std::exchange(is_hurried_, false)) {
    is_poll_used_ = is_poll_trusted_ = full_ >= mark_ / 2;
  } else if (full_ > mark_) {
    is_poll_trusted_ = false;
  }
  const uint64_t many = is_poll_used_ ? mark_ : ring_ / 4;
  if (full_ > many + ring_ / 4) {
    wait_ = 1;
  } else if (is_poll_trusted_ || full_ <= many / 2) {
    wait_ = std::min(wait_ * 2, kLongestWait);
  } else if (full_ > many) {
    wait_ = std::max<uint64_t>(wait_ / 2, 1);
  }
  full_ = 0;
  due_ = tick + wait_;
}

std::vector<CpuReader> OpenCpus(const std::string& instance, uint32_t page_size) {
  std::vector<CpuReader> readers;
  for (const uint16_t cpu : ListCpus(instance + "/per_cpu")) readers.emplace_back(instance, cpu, page_size);
  return readers;
}

}  // namespace fct
