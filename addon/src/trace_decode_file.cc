#include "trace_decode_file.h"

#include <algorithm>
#include <bitset>

#include "trace_decode_error.h"

namespace fct {
namespace {

constexpr uint64_t kLargestText = 1u << 20;  // of one format; the longest of Linux 6.18 has 20 KiB
constexpr size_t kLongestName = 255;
constexpr uint32_t kMostCpus = UINT16_MAX;

enum Option : uint16_t { kOptionEnd = 0, kOptionBuffer = 3, kOptionTraceClock = 4 };

// A buffer's table of CPUs, and the clock that stands behind it where the TRACECLOCK option is there.
struct BufferData {
  uint64_t offset = 0;
  std::vector<CpuData> cpus;
  std::string clock;
};

struct Options {
  bool has_clock = false;
  std::string clock;
  std::vector<uint64_t> buffers;  // offsets
};

// Reads in the order of the file; members keep what later parts need.
class FileReader {
 public:
  explicit FileReader(const ByteSource& source) : source_(source), cursor_(source) {}

  TraceFile Read() {
    ReadMagic();
    ReadHeaders();
    ReadFormats("ftrace");
    for (uint32_t systems = cursor_.ReadU32(); systems > 0; systems--)
      ReadFormats(cursor_.ReadTerminated(kLongestName));
    SkipText(cursor_.ReadU32());  // kallsyms
    SkipText(cursor_.ReadU32());  // printk formats
    SkipText(cursor_.ReadU64());  // command lines
    ReadBuffers();
    return std::move(file_);
  }

 private:
  void ReadMagic() {
    if (cursor_.remaining() < 10 || cursor_.ReadText(10) != "\x17\x08\x44tracing") {
      throw DecodeError("MAGIC", 0, "this is not a trace.dat");
    }
    const std::string version = cursor_.ReadTerminated(kLongestName);
    if (version != "6") throw DecodeError("VERSION", 10, "trace.dat version " + version + "; only 6 is read");
    const uint64_t at = cursor_.offset();
    if (cursor_.ReadU8() != 0) throw DecodeError("ENDIAN", at, "the trace is from a big-endian machine");
    file_.long_size = cursor_.ReadU8();
    if (file_.long_size != 4 && file_.long_size != 8)
      throw DecodeError("FORMAT", at + 1, "a long of impossible size");
    cursor_.Skip(4);  // page size; header_page has that of the sub-buffers, which may be larger
  }

  void ReadHeaders() {
    Expect("header_page");
    const uint64_t at = cursor_.offset() + 8;
    file_.layout = ParseHeaderPage(ReadText(), at);
    if (file_.layout.commit_size != file_.long_size) {
      throw DecodeError("FORMAT", at, "header_page and the file disagree about the size of a long");
    }
    Expect("header_event");
    const uint64_t event_at = cursor_.offset() + 8;
    CheckHeaderEvent(ReadText(), event_at);
  }

  void ReadFormats(const std::string& system) {
    for (uint32_t count = cursor_.ReadU32(); count > 0; count--) {
      const uint64_t at = cursor_.offset() + 8;
      EventFormat format = ParseEventFormat(ReadText(), system, at);
      if (known_ids_.test(format.id)) continue;
      known_ids_.set(format.id);
      EventPlan plan = CompileEventPlan(format, file_.long_size, at);
      if (!file_.types.empty() && file_.types.front().plan.pid_offset != plan.pid_offset) {
        throw DecodeError("FORMAT", at, "events disagree about where common_pid is");
      }
      SymbolTables symbols = ParseSymbols(format.print_format);
      file_.types.push_back({std::move(format), std::move(plan), std::move(symbols)});
    }
  }

  void ReadBuffers() {
    const uint64_t at = cursor_.offset();
    const uint32_t cpus = cursor_.ReadU32();
    if (cpus > kMostCpus) throw DecodeError("FORMAT", at, "an impossible number of CPUs");
    const Options options = ReadOptions();
    BufferData top = ReadBuffer(cpus, options.has_clock);
    if (!options.clock.empty()) top.clock = options.clock;
    std::vector<BufferData> buffers;
    buffers.push_back(std::move(top));
    for (const uint64_t offset : options.buffers) {
      cursor_.Seek(offset);
      buffers.push_back(ReadBuffer(cpus, options.has_clock));
    }
    TakeBuffer(&buffers);
  }

  // Options, if any, end with id 0; then comes the tag of the data.
  Options ReadOptions() {
    Options options;
    if (!Accept("options  ")) return options;
    for (uint16_t id = cursor_.ReadU16(); id != kOptionEnd; id = cursor_.ReadU16()) {
      const uint32_t size = cursor_.ReadU32();
      const uint64_t end = cursor_.offset() + size;
      if (id == kOptionTraceClock) {
        options.has_clock = true;
        options.clock = ChosenClock(ReadShort(size));
      } else if (id == kOptionBuffer && size >= 8) {
        options.buffers.push_back(cursor_.ReadU64());
      }
      cursor_.Skip(end - cursor_.offset());
    }
    return options;
  }

  BufferData ReadBuffer(uint32_t cpus, bool has_clock) {
    BufferData buffer;
    buffer.offset = cursor_.offset();
    if (!Accept("flyrecord")) throw DecodeError("FORMAT", buffer.offset, "no raw pages where they should be");
    for (uint32_t cpu = 0; cpu < cpus; cpu++) buffer.cpus.push_back(ReadCpu());
    if (has_clock) buffer.clock = ChosenClock(ReadShort(cursor_.ReadU64()));
    return buffer;
  }

  CpuData ReadCpu() {
    const uint64_t at = cursor_.offset();
    const uint64_t offset = cursor_.ReadU64();
    const uint64_t size = cursor_.ReadU64();
    if (size == 0) return {0, 0};
    if (offset > source_.size() || size > source_.size() - offset) {
      throw DecodeError("TRUNCATED", at, "the file ends before the pages of a CPU do");
    }
    if (size % file_.layout.page_size != 0) {
      throw DecodeError("TRUNCATED", offset + size, "the pages of a CPU end in the middle of one");
    }
    return {offset, size};
  }

  void TakeBuffer(std::vector<BufferData>* buffers) {
    BufferData* taken = &buffers->front();
    for (BufferData& buffer : *buffers) {
      if (!HasData(buffer) || &buffer == taken) continue;
      if (HasData(*taken))
        throw DecodeError("BUFFERS", buffer.offset, "more than one buffer of the file has data");
      taken = &buffer;
    }
    CheckNoOverlap(*taken);
    file_.cpus = std::move(taken->cpus);
    file_.clock = std::move(taken->clock);
  }

  static bool HasData(const BufferData& buffer) {
    return std::any_of(buffer.cpus.begin(), buffer.cpus.end(),
                       [](const CpuData& cpu) { return cpu.size > 0; });
  }

  // Otherwise a small file could ask for any amount of work.
  void CheckNoOverlap(const BufferData& buffer) const {
    uint64_t sum = 0;
    for (const CpuData& cpu : buffer.cpus) {
      sum += cpu.size;
      if (sum > source_.size()) throw DecodeError("FORMAT", buffer.offset, "the pages of CPUs overlap");
    }
  }

  // "[local] global counter": the one in brackets.
  static std::string ChosenClock(const std::string& text) {
    const size_t open = text.find('[');
    const size_t close = text.find(']');
    if (open == std::string::npos || close == std::string::npos || close < open) return text.c_str();
    return text.substr(open + 1, close - open - 1);
  }

  // Tags fill ten bytes, their NUL included.
  bool Accept(const std::string& tag) {
    SourceCursor ahead = cursor_;
    if (ahead.remaining() < tag.size() + 1 || ahead.ReadText(tag.size() + 1) != tag + '\0') return false;
    cursor_.Skip(tag.size() + 1);
    return true;
  }

  void Expect(const std::string& tag) {
    const uint64_t at = cursor_.offset();
    if (!Accept(tag)) throw DecodeError("FORMAT", at, "no " + tag + " where it should be");
  }

  void SkipText(uint64_t length) { cursor_.Skip(length); }

  std::string ReadText() { return ReadShort(cursor_.ReadU64()); }

  std::string ReadShort(uint64_t length) {
    if (length > kLargestText) throw DecodeError("FORMAT", cursor_.offset(), "a text of impossible length");
    return cursor_.ReadText(length);
  }

  const ByteSource& source_;
  SourceCursor cursor_;
  TraceFile file_;
  std::bitset<UINT16_MAX + 1> known_ids_;
};

}  // namespace

TraceFile ReadTraceFile(const ByteSource& source) { return FileReader(source).Read(); }

}  // namespace fct
