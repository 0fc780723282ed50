#include "frame_checksum.h"

#include <doctest/doctest.h>

#include <string>

namespace fct {
namespace {

uint64_t ChecksumOf(const std::string& text) {
  return FrameChecksum(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

TEST_CASE("the checksum of a frame is what xxhsum -H1 gives") {
  CHECK(ChecksumOf("") == 0xef46db3751d8e999);
  CHECK(ChecksumOf("a") == 0xd24ec4f1a98c6e5b);
  CHECK(ChecksumOf("123456789") == 0x8cb841db40e6ae83);
  CHECK(ChecksumOf("The quick brown fox jumps over the lazy dog") == 0x0b242d361fda71bc);
  CHECK(ChecksumOf(std::string(4096, 'x')) == 0xc7c0495455a2524f);
}

}  // namespace
}  // namespace fct
