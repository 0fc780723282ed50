// What the versions of trace.dat have in common: the texts that describe pages, events and processes.
#ifndef FCT_TRACE_DECODE_METADATA_H
#define FCT_TRACE_DECODE_METADATA_H

#include <bitset>
#include <string>
#include <string_view>

#include "trace_decode_file.h"

namespace fct {

constexpr uint32_t kMostCpus = UINT16_MAX;

// Each function reads one part from where the cursor stands and puts it into the file; each throws
// DecodeError.
class MetadataReader {
 public:
  explicit MetadataReader(TraceFile* file) : file_(file) {}

  void ReadHeaders(SourceCursor* cursor);
  // The formats of one system, their number in front.
  void ReadFormats(const std::string& system, SourceCursor* cursor);
  // Systems with their formats.
  void ReadSystems(SourceCursor* cursor);
  void ReadComms(SourceCursor* cursor);
  // One format file's text; `at` is where it stands. An event number that is known already is passed over.
  void AddFormat(const std::string& system, std::string_view text, uint64_t at);

 private:
  TraceFile* file_;
  std::bitset<UINT16_MAX + 1> known_ids_;
};

// Of the text of trace_clock, "[local] global counter", the one in brackets; or all of it if none is.
std::string ChosenClock(const std::string& text);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_METADATA_H
