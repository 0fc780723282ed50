#include "trace_decode_source.h"

#include <algorithm>

namespace fct {
namespace {

constexpr uint64_t kLargestText = 1u << 20;  // of one format; the longest of Linux 6.18 has 20 KiB

}  // namespace

void SourceCursor::Require(uint64_t length) const {
  if (length <= remaining()) return;
  throw DecodeError("TRUNCATED", offset_,
                    "the file ends early: " + std::to_string(length) + " bytes wanted, " +
                        std::to_string(remaining()) + " left");
}

void SourceCursor::Seek(uint64_t offset) {
  if (offset > source_.size())
    throw DecodeError("TRUNCATED", offset, "an offset points behind the file's end");
  offset_ = offset;
}

void SourceCursor::Skip(uint64_t length) {
  Require(length);
  offset_ += length;
}

std::string SourceCursor::ReadText(uint64_t length) {
  Require(length);
  std::string text(length, '\0');
  source_.Read(offset_, text.data(), length);
  offset_ += length;
  return text;
}

std::string SourceCursor::ReadShortText(uint64_t length) {
  if (length > kLargestText) throw DecodeError("FORMAT", offset_, "a text of impossible length");
  return ReadText(length);
}

std::string SourceCursor::ReadTerminated(size_t longest) {
  std::string text(std::min<uint64_t>(longest + 1, remaining()), '\0');
  source_.Read(offset_, text.data(), text.size());
  const size_t end = text.find('\0');
  if (end == std::string::npos) throw DecodeError("TRUNCATED", offset_, "a name has no end");
  text.resize(end);
  offset_ += end + 1;
  return text;
}

bool SourceCursor::Accept(std::string_view tag) {
  std::string text(tag.size() + 1, '\0');
  if (remaining() < text.size()) return false;
  source_.Read(offset_, text.data(), text.size());
  if (text.back() != '\0' || std::string_view(text).substr(0, tag.size()) != tag) return false;
  offset_ += text.size();
  return true;
}

void SourceCursor::Expect(std::string_view tag) {
  if (!Accept(tag)) throw DecodeError("FORMAT", offset_, "no " + std::string(tag) + " where it should be");
}

}  // namespace fct
