#include "crc32.h"

#include <doctest/doctest.h>

#include <string>

namespace fct {
namespace {

uint32_t CrcOf(const std::string& text) {
  return Crc32(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

TEST_CASE("crc32 gives the values that zlib gives") {
  CHECK(CrcOf("") == 0);
  CHECK(CrcOf("a") == 0xe8b7be43);
  CHECK(CrcOf("123456789") == 0xcbf43926);
  CHECK(CrcOf("The quick brown fox jumps over the lazy dog") == 0x414fa339);
}

}  // namespace
}  // namespace fct
