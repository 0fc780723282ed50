#include "trace_decode_version7.h"

#include <cstring>
#include <map>

#include "trace_decode_chunks.h"
#include "trace_decode_metadata.h"
#include "trace_decode_unpack.h"

namespace fct {
namespace {

// Ids of options and of the sections that they point at.
enum Id : uint16_t {
  kOptions = 0,
  kCpuStat = 2,
  kBuffer = 3,
  kTraceClock = 4,
  kCpuCount = 8,
  kHeaderInfo = 16,
  kFtraceEvents = 17,
  kEventFormats = 18,
  kCmdlines = 21,
};

constexpr uint16_t kIsPacked = 1;             // flag of a section
constexpr uint32_t kMostOptionsParts = 1024;  // trace-cmd writes two, and one more for each instance
// Noughts pack to next to nothing, and a small file must not ask for endless work.
constexpr uint64_t kMostExpansion = 1024;
constexpr uint64_t kFreeExpansion = 1u << 26;

struct Section {
  uint16_t id = 0;
  bool is_packed = false;
  uint64_t data = 0;  // offset of what stands behind its header
};

// A section's content, unpacked.
class UnpackedSource : public ByteSource {
 public:
  UnpackedSource(std::string bytes, uint64_t packed_at) : bytes_(std::move(bytes)), packed_at_(packed_at) {}
  uint64_t size() const override { return bytes_.size(); }
  void Read(uint64_t offset, void* to, size_t length) const override {
    std::memcpy(to, bytes_.data() + offset, length);
  }
  std::optional<uint64_t> PackedAt(uint64_t) const override { return packed_at_; }

 private:
  std::string bytes_;
  uint64_t packed_at_;
};

class Version7Reader {
 public:
  Version7Reader(const ByteSource& source, TraceFile* file) : source_(source), file_(file), metadata_(file) {}

  std::vector<TraceBuffer> Read(SourceCursor cursor) {
    const uint64_t at = cursor.offset();
    packing_ = PackingOf(cursor.ReadTerminated(), at);
    cursor.ReadTerminated();  // the version of the compression
    ReadAllOptions(cursor.ReadU64());
    if (sections_.count(kHeaderInfo) == 0)
      throw DecodeError("FORMAT", at, "the file does not describe its pages");
    ReadSection(kHeaderInfo, [this](SourceCursor* c) { metadata_.ReadHeaders(c); });
    ReadSection(kFtraceEvents, [this](SourceCursor* c) { metadata_.ReadFormats("ftrace", c); });
    ReadSection(kEventFormats, [this](SourceCursor* c) { metadata_.ReadSystems(c); });
    ReadSection(kCmdlines, [this](SourceCursor* c) { metadata_.ReadComms(c); });
    for (TraceBuffer& buffer : buffers_) {
      if (buffer.clock.empty()) buffer.clock = clock_;
      buffer.ring_stats = stats_.Take(buffer.name);
    }
    return std::move(buffers_);
  }

 private:
  // Each part of the options ends with the offset of the next one, or 0.
  void ReadAllOptions(uint64_t offset) {
    for (uint32_t parts = 0; offset != 0; parts++) {
      if (parts == kMostOptionsParts) throw DecodeError("FORMAT", offset, "the options do not end");
      const Section section = SectionAt(offset, kOptions);
      uint64_t next = 0;
      ReadContent(section, [&](SourceCursor* cursor) { next = ReadOptions(cursor); });
      offset = next;
    }
  }

  Section SectionAt(uint64_t offset, uint16_t id) const {
    SourceCursor cursor(source_);
    cursor.Seek(offset);
    Section section;
    section.id = cursor.ReadU16();
    section.is_packed = (cursor.ReadU16() & kIsPacked) != 0;
    cursor.ReadU32();  // id of a string that describes it
    const uint64_t size = cursor.ReadU64();
    section.data = cursor.offset();
    if (section.id != id) throw DecodeError("FORMAT", offset, "another section than the file says");
    if (section.is_packed && packing_ == Packing::kNone) {
      throw DecodeError("FORMAT", offset, "a compressed section in a file without compression");
    }
    cursor.Skip(size);
    return section;
  }

  template <typename Work>
  void ReadContent(const Section& section, Work work) {
    SourceCursor cursor(source_);
    cursor.Seek(section.data);
    if (!section.is_packed) return work(&cursor);
    const PackedBlock block = ReadPackedBlock(&cursor);
    CountUnpacked(block.size, section.data);
    const UnpackedSource unpacked(Unpack(source_, packing_, block), section.data);
    SourceCursor inner(unpacked);
    Located(unpacked, [&] { work(&inner); });
  }

  template <typename Work>
  void ReadSection(uint16_t id, Work work) {
    const auto found = sections_.find(id);
    if (found != sections_.end()) ReadContent(SectionAt(found->second, id), work);
  }

  uint64_t ReadOptions(SourceCursor* cursor) {
    while (true) {
      const uint16_t id = cursor->ReadU16();
      const uint64_t at = cursor->offset();
      const uint32_t size = cursor->ReadU32();
      SourceCursor data = *cursor;
      cursor->Skip(size);
      if (id == kOptions) return data.ReadU64();
      ReadOption(id, size, &data);
      if (data.offset() > cursor->offset())
        throw DecodeError("FORMAT", at, "an option is longer than it says");
    }
  }

  void ReadOption(uint16_t id, uint32_t size, SourceCursor* data) {
    switch (id) {
      case kBuffer:
        return ReadBuffer(data);
      case kCpuStat:
        return stats_.Add(data->ReadShortText(size));
      case kTraceClock:
        clock_ = ChosenClock(data->ReadShortText(size));
        return;
      case kCpuCount:
        return ReadCpuCount(data);
      case kHeaderInfo:
      case kFtraceEvents:
      case kEventFormats:
      case kCmdlines:
        sections_[id] = data->ReadU64();
        return;
      default:
        return;
    }
  }

  void ReadCpuCount(SourceCursor* data) {
    const uint64_t at = data->offset();
    file_->cpu_count = data->ReadU32();
    if (file_->cpu_count > kMostCpus) throw DecodeError("FORMAT", at, "an impossible number of CPUs");
  }

  void ReadBuffer(SourceCursor* data) {
    TraceBuffer buffer;
    if (buffers_.size() == kMostBuffers) throw DecodeError("LIMIT", data->offset(), "too many buffers");
    buffer.offset = data->ReadU64();
    buffer.name = data->ReadTerminated();
    buffer.clock = data->ReadTerminated();
    buffer.page_size = data->ReadU32();
    const Section section = SectionAt(buffer.offset, kBuffer);
    for (uint32_t count = data->ReadU32(); count > 0; count--) ReadCpu(section, data, &buffer);
    buffers_.push_back(std::move(buffer));
  }

  void ReadCpu(const Section& section, SourceCursor* data, TraceBuffer* buffer) {
    const uint64_t at = data->offset();
    const uint32_t cpu = data->ReadU32();
    const uint64_t offset = data->ReadU64();
    const uint64_t size = data->ReadU64();
    if (cpu >= kMostCpus) throw DecodeError("FORMAT", at, "an impossible CPU");
    if (size == 0) return;
    if (buffer->cpus.count(cpu) != 0) throw DecodeError("FORMAT", at, "a CPU that stands there twice");
    if (offset > source_.size() || size > source_.size() - offset) {
      throw DecodeError("TRUNCATED", at, "the file ends before the pages of a CPU do");
    }
    CpuData pages = section.is_packed ? PackedCpu(offset, size) : CpuData{offset, size, nullptr};
    if (pages.size > 0) buffer->cpus.emplace(cpu, std::move(pages));
  }

  // Chunks that CPUs share would be kept once for each of them.
  CpuData PackedCpu(uint64_t offset, uint64_t size) {
    packed_ += size;
    if (packed_ > source_.size()) throw DecodeError("FORMAT", offset, "the chunks of CPUs overlap");
    auto unpacked = std::make_unique<ChunkSource>(source_, packing_, offset, size);
    CountUnpacked(unpacked->size(), offset);
    return {0, unpacked->size(), std::move(unpacked)};
  }

  void CountUnpacked(uint64_t size, uint64_t offset) {
    unpacked_ += size;
    if (unpacked_ > kFreeExpansion + source_.size() * kMostExpansion) {
      throw DecodeError("LIMIT", offset, "what is packed is more than a thousand times the file");
    }
  }

  const ByteSource& source_;
  TraceFile* file_;
  MetadataReader metadata_;
  Packing packing_ = Packing::kNone;
  std::map<uint16_t, uint64_t> sections_;  // offset by id
  std::vector<TraceBuffer> buffers_;
  StatsCollector stats_;
  std::string clock_;
  uint64_t packed_ = 0;    // bytes of chunks
  uint64_t unpacked_ = 0;  // bytes, of sections and chunks
};

}  // namespace

std::vector<TraceBuffer> ReadVersion7(const ByteSource& source, SourceCursor cursor, TraceFile* file) {
  return Version7Reader(source, file).Read(cursor);
}

}  // namespace fct
