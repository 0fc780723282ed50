#include "trace_decode_recording.h"

#include "trace_decode_error.h"

namespace fct {
namespace {

constexpr uint32_t kMostRows = UINT32_MAX;

}  // namespace

Recording::Recording(const ByteSource& source, const std::optional<std::string>& buffer,
                     const std::optional<FieldChoice>& choice)
    : head_(ReadTraceFile(source, buffer)) {
  std::vector<PageFeed*> feeds;
  for (uint32_t cpu = 0; cpu < head_.cpu_count; cpu++) {
    static const CpuData kNoPages;
    const auto found = head_.buffer.cpus.find(cpu);
    const CpuData& data = found == head_.buffer.cpus.end() ? kNoPages : found->second;
    const ByteSource& bytes = data.unpacked ? *data.unpacked : source;
    feeds.push_back(&feeds_.emplace_back(bytes, data.offset, data.size, head_.layout.page_size));
  }
  decoder_ = std::make_unique<TraceDecoder>(head_.layout, std::move(head_.types), feeds, choice);
}

Trace DecodeTrace(const ByteSource& source, const std::optional<std::string>& buffer,
                  const std::optional<FieldChoice>& choice) {
  Recording recording(source, buffer, choice);
  TraceDecoder& decoder = recording.decoder();
  Trace trace;
  static_cast<Batch&>(trace) = decoder.Decode(kMostRows);
  if (!decoder.is_ended()) throw DecodeError("LIMIT", 0, "more than 2^32 events");
  trace.head = std::move(recording.head());
  trace.head.buffer.cpus.clear();  // their sources may read `source`
  trace.types = decoder.types();
  trace.per_cpu = decoder.Summaries();
  return trace;
}

}  // namespace fct
