#include "trace_decode_format.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "trace_decode_error.h"

namespace fct {
namespace {

constexpr size_t kMostFields = 1024;
constexpr uint32_t kLargestPage = 1u << 26;  // the kernel's own limit on a sub-buffer's commit is 2^27 - 1

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<uint32_t> ParseNumber(std::string_view text) {
  text = Trim(text);
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

// The number after a label such as "size:".
std::optional<uint32_t> NumberAfter(std::string_view line, std::string_view label) {
  const size_t at = line.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  return ParseNumber(line.substr(at + label.size()));
}

// Splits "char comm[16]" into type "char[16]" and name "comm"; "__data_loc char[] name" has its brackets in
// front.
void SplitDeclaration(std::string_view declaration, FormatField* field) {
  std::string_view brackets;
  const size_t open = declaration.find('[');
  if (open != std::string_view::npos && declaration.back() == ']') {
    brackets = declaration.substr(open);
    declaration = Trim(declaration.substr(0, open));
  }
  size_t begin = declaration.size();
  while (begin > 0 && IsWord(declaration[begin - 1])) begin--;
  field->name = declaration.substr(begin);
  field->type = std::string(Trim(declaration.substr(0, begin))) + std::string(brackets);
}

// A declaration may hold semicolons itself (struct { ... }), so that it ends at the last "; offset:".
FormatField ParseField(std::string_view line, uint64_t offset) {
  const size_t end = line.rfind(";\toffset:");
  if (end == std::string_view::npos) throw DecodeError("FORMAT", offset, "a field without an offset");
  const std::string_view placement = line.substr(end);
  const auto at = NumberAfter(placement, "offset:");
  const auto size = NumberAfter(placement, "size:");
  FormatField field;
  SplitDeclaration(Trim(line.substr(0, end)), &field);
  if (!at || !size || field.name.empty() || *at > kLargestPage || *size > kLargestPage) {
    throw DecodeError("FORMAT", offset, "a field without name, offset or size");
  }
  field.offset = *at;
  field.size = *size;
  field.is_signed = NumberAfter(placement, "signed:").value_or(0) != 0;
  return field;
}

bool Consume(std::string_view* line, std::string_view prefix) {
  if (line->substr(0, prefix.size()) != prefix) return false;
  line->remove_prefix(prefix.size());
  return true;
}

// Calls `each` with every line and the offset of its begin.
template <typename Each>
void ForEachLine(std::string_view text, uint64_t offset, Each each) {
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    each(text.substr(begin, end - begin), offset + begin);
    begin = end + 1;
  }
}

const FormatField* FindField(const std::vector<FormatField>& fields, std::string_view name) {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](auto& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

PageLayout CheckedLayout(const FormatField& timestamp, const FormatField& commit, const FormatField& data,
                         uint64_t offset) {
  const uint64_t page_size = uint64_t{data.offset} + data.size;
  const bool is_sound = timestamp.size == 8 && (commit.size == 4 || commit.size == 8) &&
                        timestamp.offset + 8 <= data.offset && commit.offset + commit.size <= data.offset &&
                        data.size >= 8 && page_size <= kLargestPage;
  if (!is_sound) throw DecodeError("FORMAT", offset, "header_page describes an impossible page");
  return {timestamp.offset, commit.offset, commit.size, data.offset, static_cast<uint32_t>(page_size)};
}

}  // namespace

EventFormat ParseEventFormat(std::string_view text, std::string system, uint64_t offset) {
  EventFormat format;
  format.system = std::move(system);
  std::optional<uint32_t> id;
  ForEachLine(text, offset, [&](std::string_view line, uint64_t at) {
    line = Trim(line);
    if (Consume(&line, "name:")) {
      format.name = Trim(line);
    } else if (Consume(&line, "ID:")) {
      id = ParseNumber(line);
    } else if (Consume(&line, "field:")) {
      FormatField field = ParseField(line, at);
      (field.name.rfind("common_", 0) == 0 ? format.common : format.fields).push_back(std::move(field));
    }
  });
  if (format.name.empty() || !id || *id > UINT16_MAX) {
    throw DecodeError("FORMAT", offset, "an event format without name or ID");
  }
  if (format.fields.size() > kMostFields)
    throw DecodeError("FORMAT", offset, "an event format with too many fields");
  format.id = *id;
  const size_t print = text.find("\nprint fmt:");
  if (print != std::string_view::npos) format.print_format = Trim(text.substr(print + 11));
  return format;
}

PageLayout ParseHeaderPage(std::string_view text, uint64_t offset) {
  std::vector<FormatField> fields;
  ForEachLine(text, offset, [&](std::string_view line, uint64_t at) {
    line = Trim(line);
    if (Consume(&line, "field:")) fields.push_back(ParseField(line, at));
  });
  const FormatField* timestamp = FindField(fields, "timestamp");
  const FormatField* commit = FindField(fields, "commit");
  const FormatField* data = FindField(fields, "data");
  if (!timestamp || !commit || !data) {
    throw DecodeError("FORMAT", offset, "header_page lacks timestamp, commit or data");
  }
  return CheckedLayout(*timestamp, *commit, *data, offset);
}

void CheckHeaderEvent(std::string_view text, uint64_t offset) {
  int known = 0;
  ForEachLine(text, offset, [&](std::string_view line, uint64_t) {
    line = Trim(line);
    if (Consume(&line, "type_len")) known += NumberAfter(line, ":") == 5u;
    if (Consume(&line, "time_delta")) known += NumberAfter(line, ":") == 27u;
    if (Consume(&line, "data max type_len")) known += NumberAfter(line, "==") == 28u;
  });
  if (known != 3)
    throw DecodeError("FORMAT", offset, "header_event describes event headers of an unknown kind");
}

}  // namespace fct
