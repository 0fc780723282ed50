// Where a trace's bytes come from: a file, or memory in the tests.
#ifndef FCT_TRACE_DECODE_SOURCE_H
#define FCT_TRACE_DECODE_SOURCE_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "trace_decode_error.h"

namespace fct {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t size() const = 0;
  // Fills `to`; the caller has checked offset + length against size().
  virtual void Read(uint64_t offset, void* to, size_t length) const = 0;
  // Where in the file the packed bytes begin that a byte was unpacked from; none if it stands there itself.
  virtual std::optional<uint64_t> PackedAt(uint64_t /*offset*/) const { return std::nullopt; }
};

// Runs `work`, which reads `source`; its errors get an offset in the file.
template <typename Work>
void Located(const ByteSource& source, Work work) {
  try {
    work();
  } catch (const DecodeError& error) {
    const auto packed_at = source.PackedAt(error.offset());
    if (packed_at) throw error.Within(*packed_at);
    throw;
  }
}

// Reads a ByteSource from front to back; every read is checked, FCT_DECODE_TRUNCATED otherwise.
class SourceCursor {
 public:
  explicit SourceCursor(const ByteSource& source, uint64_t offset = 0) : source_(source), offset_(offset) {}

  uint64_t offset() const { return offset_; }
  uint64_t remaining() const { return source_.size() - offset_; }

  void Seek(uint64_t offset);
  void Skip(uint64_t length);
  uint16_t ReadU16() { return ReadInteger<uint16_t>(); }
  uint32_t ReadU32() { return ReadInteger<uint32_t>(); }
  uint64_t ReadU64() { return ReadInteger<uint64_t>(); }
  uint8_t ReadU8() { return ReadInteger<uint8_t>(); }
  std::string ReadText(uint64_t length);
  // Of a length that the file states: DecodeError FORMAT beyond 1 MiB.
  std::string ReadShortText(uint64_t length);
  // Text up to a NUL, which is consumed. `longest` bounds the search.
  std::string ReadTerminated(size_t longest = 255);
  // Steps over `tag` and its NUL if they stand here.
  bool Accept(std::string_view tag);
  // Throws DecodeError FORMAT if they do not.
  void Expect(std::string_view tag);

 private:
  template <typename T>
  T ReadInteger() {
    T value;
    Require(sizeof value);
    source_.Read(offset_, &value, sizeof value);
    offset_ += sizeof value;
    return value;
  }
  void Require(uint64_t length) const;

  const ByteSource& source_;
  uint64_t offset_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_SOURCE_H
