// Parses the texts by which a kernel describes its trace: header_page, header_event and the events' format
// files.
#ifndef FCT_TRACE_DECODE_FORMAT_H
#define FCT_TRACE_DECODE_FORMAT_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fct {

// A line "field:TYPE NAME;  offset:N;  size:N;  signed:N;" (kernel/trace/trace_events.c, f_show()).
struct FormatField {
  std::string type;  // declaration without the name, array brackets included: "char[16]", "__data_loc char[]"
  std::string name;
  uint32_t offset = 0;  // bytes from the record's begin
  uint32_t size = 0;    // bytes; 0 for an array that runs to the record's end
  bool is_signed = false;
};

struct EventFormat {
  uint32_t id = 0;
  std::string system;
  std::string name;
  std::vector<FormatField> common;  // those named common_*, the same in all events
  std::vector<FormatField> fields;
  std::string print_format;  // what follows "print fmt: "
};

// Where things stand in a sub-buffer. Its size is that of the tracing instance, not always a page (6.8 and
// later).
struct PageLayout {
  uint32_t timestamp_offset = 0;
  uint32_t commit_offset = 0;
  uint32_t commit_size = 0;  // also the size of a `long` of the traced kernel
  uint32_t data_offset = 0;
  uint32_t page_size = 0;  // bytes, header included
};

// Each throws DecodeError FORMAT; `offset` is where the text stands in its file.
EventFormat ParseEventFormat(std::string_view text, std::string system, uint64_t offset);
PageLayout ParseHeaderPage(std::string_view text, uint64_t offset);
// Throws unless events have the one header that all kernels since 2.6.30 write: 5 bits length, 27 bits delta.
void CheckHeaderEvent(std::string_view text, uint64_t offset);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_FORMAT_H
