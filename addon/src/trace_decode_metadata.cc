#include "trace_decode_metadata.h"

#include <algorithm>
#include <charconv>

namespace fct {
namespace {

// A line of saved_cmdlines: "215 nfsd". A comm may hold spaces; anything else is passed over.
void AddComm(std::string_view line, std::map<int32_t, std::string>* comms) {
  const size_t space = line.find(' ');
  int32_t pid = 0;
  if (space == std::string_view::npos) return;
  const auto [end, error] = std::from_chars(line.data(), line.data() + space, pid);
  if (error == std::errc() && end == line.data() + space) (*comms)[pid] = line.substr(space + 1);
}

}  // namespace

void MetadataReader::ReadHeaders(SourceCursor* cursor) {
  cursor->Expect("header_page");
  const uint64_t page_size = cursor->ReadU64();
  const uint64_t page_at = cursor->offset();
  file_->layout = ParseHeaderPage(cursor->ReadShortText(page_size), page_at);
  file_->long_size = file_->layout.commit_size;
  cursor->Expect("header_event");
  const uint64_t event_size = cursor->ReadU64();
  const uint64_t event_at = cursor->offset();
  CheckHeaderEvent(cursor->ReadShortText(event_size), event_at);
}

void MetadataReader::ReadFormats(const std::string& system, SourceCursor* cursor) {
  for (uint32_t count = cursor->ReadU32(); count > 0; count--) {
    const uint64_t size = cursor->ReadU64();
    const uint64_t at = cursor->offset();
    AddFormat(system, cursor->ReadShortText(size), at);
  }
}

void MetadataReader::AddFormat(const std::string& system, std::string_view text, uint64_t at) {
  EventFormat format = ParseEventFormat(text, system, at);
  if (known_ids_.test(format.id)) return;
  known_ids_.set(format.id);
  EventPlan plan = CompileEventPlan(format, file_->long_size, at);
  if (!file_->types.empty() && file_->types.front().plan.pid_offset != plan.pid_offset) {
    throw DecodeError("FORMAT", at, "events disagree about where common_pid is");
  }
  SymbolTables symbols = ParseSymbols(format.print_format);
  std::set<std::string> flag_fields = ParseFlagFields(format.print_format);
  file_->types.push_back({std::move(format), std::move(plan), std::move(symbols), std::move(flag_fields)});
}

void MetadataReader::ReadSystems(SourceCursor* cursor) {
  for (uint32_t systems = cursor->ReadU32(); systems > 0; systems--) {
    const std::string system = cursor->ReadTerminated();
    ReadFormats(system, cursor);
  }
}

void MetadataReader::ReadComms(SourceCursor* cursor) {
  const uint64_t size = cursor->ReadU64();
  const std::string text = cursor->ReadText(size);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    AddComm(std::string_view(text).substr(begin, end - begin), &file_->comms);
    begin = end + 1;
  }
}

std::string ChosenClock(const std::string& text) {
  const size_t open = text.find('[');
  const size_t close = text.find(']');
  if (open == std::string::npos || close == std::string::npos || close < open) return text.c_str();
  return text.substr(open + 1, close - open - 1);
}

}  // namespace fct
