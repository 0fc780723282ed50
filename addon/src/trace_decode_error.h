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
      : std::runtime_error(message + " (byte " + std::to_string(offset) + ")"),
        code_(std::string("FCT_DECODE_") + reason),
        offset_(offset) {}

  const std::string& code() const { return code_; }
  uint64_t offset() const { return offset_; }

 private:
  std::string code_;
  uint64_t offset_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_ERROR_H
