#include "trace_decode_recording.h"

#include "trace_decode_error.h"

namespace fct {
namespace {

constexpr uint32_t kMostRows = UINT32_MAX;

}  // namespace

Recording::Recording(const ByteSource& source, const std::optional<std::string>& buffer)
    : head_(ReadTraceFile(source, buffer)) {
  std::vector<PageFeed*> feeds;
  for (const CpuData& cpu : head_.buffer.cpus) {
    const ByteSource& bytes = cpu.unpacked ? *cpu.unpacked : source;
    feeds_.emplace_back(bytes, cpu.offset, cpu.size, head_.layout.page_size);
    feeds.push_back(&feeds_.back());
  }
  decoder_ = std::make_unique<TraceDecoder>(head_.layout, std::move(head_.types), feeds);
}

Trace DecodeTrace(const ByteSource& source, const std::optional<std::string>& buffer) {
  Recording recording(source, buffer);
  TraceDecoder& decoder = recording.decoder();
  Trace trace;
  static_cast<Batch&>(trace) = decoder.Decode(kMostRows);
  if (!decoder.is_ended()) throw DecodeError("LIMIT", 0, "more than 2^32 events");
  trace.head = std::move(recording.head());
  for (CpuData& cpu : trace.head.buffer.cpus) cpu.unpacked.reset();  // it reads the source
  trace.types = decoder.types();
  trace.per_cpu = decoder.Summaries();
  return trace;
}

}  // namespace fct
