// What the decoder throws on any input that it cannot read. Pure C++, no Node.
#ifndef FCT_TRACE_DECODE_ERROR_H
#define FCT_TRACE_DECODE_ERROR_H

#include <cstdint>
#include <stdexcept>
#include <string>

namespace fct {

// `offset` is the byte in the file (or, for a text or page given alone, in that) where it went wrong.
class DecodeError : public std::runtime_error {
 public:
  DecodeError(const char* reason, uint64_t offset, const std::string& message)
      : DecodeError(std::string("FCT_DECODE_") + reason, offset, message, "byte " + std::to_string(offset)) {}

  // The same error elsewhere.
  DecodeError At(uint64_t offset) const {
    return {code_, offset, message_, "byte " + std::to_string(offset)};
  }

  // The same error of what was unpacked from the file's byte `packed_at`, where a byte of its own has no
  // place.
  DecodeError Within(uint64_t packed_at) const {
    return {code_, packed_at, message_,
            "byte " + std::to_string(offset_) + " of what is packed at byte " + std::to_string(packed_at)};
  }

  const std::string& code() const { return code_; }
  uint64_t offset() const { return offset_; }

 private:
  DecodeError(std::string code, uint64_t offset, const std::string& message, const std::string& place)
      : std::runtime_error(message + " (" + place + ")"),
        code_(std::move(code)),
        offset_(offset),
        message_(message) {}

  std::string code_;
  uint64_t offset_;
  std::string message_;
};

// A field that is not inside its event; `at` is what is wrong in the event's data.
class FieldError : public std::runtime_error {
 public:
  FieldError(const uint8_t* at, const std::string& message) : std::runtime_error(message), at_(at) {}

  const uint8_t* at() const { return at_; }

 private:
  const uint8_t* at_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_ERROR_H
