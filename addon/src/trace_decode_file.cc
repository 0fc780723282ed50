#include "trace_decode_file.h"

#include <algorithm>

#include "trace_decode_version6.h"
#include "trace_decode_version7.h"

namespace fct {
namespace {

constexpr uint32_t kLargestPage = 1u << 26;

// What follows the byte order is not asked: the size of a long is that of the recorder, which may be a 32-bit
// program, and the page size is not that of sub-buffers. header_page has what the kernel says of both.
void ReadHead(SourceCursor* cursor, TraceFile* file) {
  if (cursor->remaining() < 10 || cursor->ReadText(10) != "\x17\x08\x44tracing") {
    throw DecodeError("MAGIC", 0, "this is not a trace.dat");
  }
  const std::string version = cursor->ReadTerminated();
  if (version != "6" && version != "7") {
    throw DecodeError("VERSION", 10, "trace.dat version " + version + "; 6 and 7 are read");
  }
  file->version = version == "6" ? 6 : 7;
  const uint64_t at = cursor->offset();
  if (cursor->ReadU8() != 0) throw DecodeError("ENDIAN", at, "the trace is from a big-endian machine");
  cursor->Skip(5);
}

std::string NamesOf(const std::vector<TraceBuffer>& buffers) {
  std::string names;
  for (const TraceBuffer& buffer : buffers) {
    if (buffer.HasData()) names += (names.empty() ? "'" : ", '") + buffer.name + "'";
  }
  return names.empty() ? "none" : names;
}

TraceBuffer* FindNamed(const std::string& name, std::vector<TraceBuffer>* buffers) {
  const auto found = std::find_if(buffers->begin(), buffers->end(),
                                  [&](const TraceBuffer& buffer) { return buffer.name == name; });
  if (found != buffers->end()) return &*found;
  throw DecodeError("BUFFERS", 0, "no buffer '" + name + "'; those with data: " + NamesOf(*buffers));
}

TraceBuffer* FindOnly(std::vector<TraceBuffer>* buffers) {
  if (buffers->empty()) throw DecodeError("FORMAT", 0, "the file has no buffer of raw pages");
  TraceBuffer* taken = &buffers->front();
  for (TraceBuffer& buffer : *buffers) {
    if (!buffer.HasData() || &buffer == taken) continue;
    if (taken->HasData()) {
      throw DecodeError("BUFFERS", buffer.offset,
                        "several buffers of the file have data: " + NamesOf(*buffers));
    }
    taken = &buffer;
  }
  return taken;
}

// header_page tells of the top buffer only, and may have been read before its sub-buffers were enlarged; a
// trace-cmd that knows nothing of larger ones gives every buffer the size of a page.
uint32_t PageSizeOf(const TraceBuffer& buffer, const PageLayout& layout) {
  if (buffer.page_size == 0) return layout.page_size;
  return buffer.name.empty() ? std::max(buffer.page_size, layout.page_size) : buffer.page_size;
}

// Pages that CPUs share would let a small file ask for any amount of work.
void CheckBuffer(const TraceBuffer& buffer, const PageLayout& layout, uint64_t file_size) {
  if (layout.page_size < layout.data_offset + 8 || layout.page_size > kLargestPage) {
    throw DecodeError("FORMAT", buffer.offset, "a sub-buffer of impossible size");
  }
  uint64_t sum = 0;
  for (const auto& [number, cpu] : buffer.cpus) {
    if (cpu.size % layout.page_size != 0) {
      const uint64_t end = cpu.unpacked ? buffer.offset : cpu.offset + cpu.size;
      throw DecodeError("TRUNCATED", end, "the pages of a CPU end in the middle of one");
    }
    if (cpu.unpacked) continue;
    sum += cpu.size;
    if (sum > file_size) throw DecodeError("FORMAT", buffer.offset, "the pages of CPUs overlap");
  }
}

}  // namespace

TraceFile ReadTraceFile(const ByteSource& source, const std::optional<std::string>& buffer) {
  SourceCursor cursor(source);
  TraceFile file;
  ReadHead(&cursor, &file);
  auto buffers =
      file.version == 6 ? ReadVersion6(source, cursor, &file) : ReadVersion7(source, cursor, &file);
  TraceBuffer* taken = buffer ? FindNamed(*buffer, &buffers) : FindOnly(&buffers);
  file.layout.page_size = PageSizeOf(*taken, file.layout);
  CheckBuffer(*taken, file.layout, source.size());
  if (taken->HasData()) file.cpu_count = std::max(file.cpu_count, taken->cpus.rbegin()->first + 1);
  file.buffer = std::move(*taken);
  return file;
}

}  // namespace fct
