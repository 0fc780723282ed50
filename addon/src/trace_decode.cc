#include "trace_decode.h"

#include <algorithm>

#include "trace_decode_cpu.h"
#include "trace_decode_merge.h"

namespace fct {
namespace {

constexpr uint64_t kChunk = 1u << 20;  // bytes read at once, rounded down to whole sub-buffers

void DecodeCpu(const ByteSource& source, const CpuData& data, const PageLayout& layout, CpuDecoder* decoder) {
  const uint64_t chunk = std::max<uint64_t>(kChunk / layout.page_size, 1) * layout.page_size;
  std::vector<uint8_t> buffer(std::min(chunk, data.size));
  for (uint64_t done = 0; done < data.size; done += buffer.size()) {
    const uint64_t length = std::min<uint64_t>(buffer.size(), data.size - done);
    const uint64_t offset = data.offset + done;
    buffer.resize(length);
    source.Read(offset, buffer.data(), length);
    Located(source, [&] {
      for (uint64_t at = 0; at < length; at += layout.page_size) {
        decoder->DecodePage(buffer.data() + at, offset + at);
      }
    });
  }
  decoder->Finish();
}

}  // namespace

Trace DecodeTrace(const ByteSource& source, const std::optional<std::string>& buffer) {
  TraceFile file = ReadTraceFile(source, buffer);
  Trace trace;
  trace.version = file.version;
  trace.long_size = file.long_size;
  trace.buffer = file.buffer.name;
  trace.clock = file.buffer.clock;
  trace.comms = std::move(file.comms);
  trace.ring_stats = std::move(file.buffer.ring_stats);
  TypeTable types(&file);
  std::vector<CpuRows> rows;
  for (uint32_t cpu = 0; cpu < file.cpu_count; cpu++) {
    CpuDecoder decoder(file.layout, cpu, &types);
    const auto found = file.buffer.cpus.find(cpu);
    if (found != file.buffer.cpus.end()) {
      const CpuData& data = found->second;
      DecodeCpu(data.unpacked ? *data.unpacked : source, data, file.layout, &decoder);
      file.buffer.cpus.erase(found);
    }
    rows.push_back(std::move(decoder.rows()));
    trace.per_cpu.push_back(decoder.summary());
    trace.gaps.insert(trace.gaps.end(), decoder.gaps().begin(), decoder.gaps().end());
  }
  trace.rows = MergeRows(std::move(rows));
  types.Finish(&trace);
  return trace;
}

}  // namespace fct
