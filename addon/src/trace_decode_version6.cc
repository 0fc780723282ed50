#include "trace_decode_version6.h"

#include "trace_decode_bytes.h"
#include "trace_decode_metadata.h"

namespace fct {
namespace {

enum Option : uint16_t { kOptionEnd = 0, kOptionCpuStat = 2, kOptionBuffer = 3, kOptionTraceClock = 4 };

constexpr uint64_t kCpuBytes = 16;  // offset and size of a CPU's pages

struct Options {
  bool has_clock = false;  // a clock stands behind each table of CPUs
  std::string clock;
  std::vector<TraceBuffer> buffers;  // name and offset
  StatsCollector stats;
};

// Reads in the order of the file.
class Version6Reader {
 public:
  Version6Reader(const ByteSource& source, SourceCursor cursor, TraceFile* file)
      : source_(source), cursor_(cursor), file_(file), metadata_(file) {}

  std::vector<TraceBuffer> Read() {
    metadata_.ReadHeaders(&cursor_);
    metadata_.ReadFormats("ftrace", &cursor_);
    metadata_.ReadSystems(&cursor_);
    cursor_.Skip(cursor_.ReadU32());  // kallsyms
    cursor_.Skip(cursor_.ReadU32());  // printk formats
    metadata_.ReadComms(&cursor_);
    return ReadBuffers();
  }

 private:
  std::vector<TraceBuffer> ReadBuffers() {
    const uint64_t at = cursor_.offset();
    file_->cpu_count = cursor_.ReadU32();
    if (file_->cpu_count > kMostCpus) throw DecodeError("FORMAT", at, "an impossible number of CPUs");
    Options options = ReadOptions();
    std::vector<TraceBuffer> buffers(1);
    buffers.front().offset = cursor_.offset();
    if (options.buffers.size() >= kMostBuffers) throw DecodeError("LIMIT", at, "too many buffers");
    for (TraceBuffer& buffer : options.buffers) buffers.push_back(std::move(buffer));
    for (TraceBuffer& buffer : buffers) {
      ReadBuffer(options.has_clock, &buffer);
      buffer.ring_stats = options.stats.Take(buffer.name);
    }
    if (!options.clock.empty()) buffers.front().clock = options.clock;
    return buffers;
  }

  // Options, if any, end with id 0; then comes the tag of the data.
  Options ReadOptions() {
    Options options;
    if (!cursor_.Accept("options  ")) return options;
    for (uint16_t id = cursor_.ReadU16(); id != kOptionEnd; id = cursor_.ReadU16()) {
      const uint32_t size = cursor_.ReadU32();
      SourceCursor data = cursor_;
      cursor_.Skip(size);
      if (id == kOptionTraceClock) {
        options.has_clock = true;
        options.clock = ChosenClock(data.ReadShortText(size));
      } else if (id == kOptionCpuStat) {
        options.stats.Add(data.ReadShortText(size));
      } else if (id == kOptionBuffer && size >= 8) {
        TraceBuffer buffer;
        buffer.offset = data.ReadU64();
        buffer.name = data.ReadShortText(size - 8).c_str();
        options.buffers.push_back(std::move(buffer));
      }
    }
    return options;
  }

  void ReadBuffer(bool has_clock, TraceBuffer* buffer) {
    cursor_.Seek(buffer->offset);
    if (!cursor_.Accept("flyrecord")) {
      throw DecodeError("FORMAT", buffer->offset, "no raw pages where they should be");
    }
    const uint64_t at = cursor_.offset();
    const std::string table = cursor_.ReadText(uint64_t{file_->cpu_count} * kCpuBytes);
    for (uint32_t cpu = 0; cpu < file_->cpu_count; cpu++) {
      const auto* entry = reinterpret_cast<const uint8_t*>(table.data()) + cpu * kCpuBytes;
      CpuData data = ToCpuData(Load<uint64_t>(entry), Load<uint64_t>(entry + 8), at + cpu * kCpuBytes);
      if (data.size > 0) buffer->cpus.emplace(cpu, std::move(data));
    }
    if (has_clock) buffer->clock = ChosenClock(cursor_.ReadShortText(cursor_.ReadU64()));
  }

  CpuData ToCpuData(uint64_t offset, uint64_t size, uint64_t at) const {
    if (size > 0 && (offset > source_.size() || size > source_.size() - offset)) {
      throw DecodeError("TRUNCATED", at, "the file ends before the pages of a CPU do");
    }
    return {offset, size, nullptr};
  }

  const ByteSource& source_;
  SourceCursor cursor_;
  TraceFile* file_;
  MetadataReader metadata_;
};

}  // namespace

std::vector<TraceBuffer> ReadVersion6(const ByteSource& source, SourceCursor cursor, TraceFile* file) {
  return Version6Reader(source, cursor, file).Read();
}

}  // namespace fct
