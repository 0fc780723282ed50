#include "trace_decode_constant.h"

#include <doctest/doctest.h>

#include <string>

namespace fct {
namespace {

constexpr long kNothing = -987654321;

long ValueOf(const std::string& expression) {
  const auto value = EvaluateConstant(expression);
  return value ? static_cast<long>(*value) : kNothing;
}

TEST_CASE("constants as the kernel's print formats have them") {
  CHECK(ValueOf("17") == 17);
  CHECK(ValueOf(" 0x00000040 ") == 0x40);
  CHECK(ValueOf("010") == 8);
  CHECK(ValueOf("0") == 0);
  CHECK(ValueOf("(1 << (0))") == 1);
  CHECK(ValueOf("1UL << 3") == 8);
  CHECK(ValueOf("(1ULL) << 2") == 4);
  CHECK(ValueOf("-1") == -1);
  CHECK(ValueOf("~0") == -1);
  CHECK(ValueOf("(( 0x01 | 0x02) + 1) << 1") == 8);
  CHECK(ValueOf("(unsigned int) 3") == 3);
  CHECK(ValueOf("(u32)-1") == -1);
  CHECK(ValueOf("7 & ~2") == 5);
  CHECK(ValueOf("2 + 3 * 4 - 10 / 5 % 2") == 14);
  CHECK(ValueOf("6 ^ 3 | 8") == 13);
  CHECK(ValueOf("256 >> 4") == 16);
}

TEST_CASE("all of C's 64-bit values are held") {
  CHECK(EvaluateConstant("1UL << 63") == static_cast<Constant>(UINT64_MAX / 2) + 1);
  CHECK(EvaluateConstant("0xffffffffffffffff") == static_cast<Constant>(UINT64_MAX));
  CHECK(EvaluateConstant("~0xffffffffffffffff") == Constant{0});
  CHECK(EvaluateConstant("-0x8000000000000000") == static_cast<Constant>(INT64_MIN));
}

TEST_CASE("what is not understood has no value") {
  for (const char* expression : {"",
                                 " ",
                                 "NFSD_FILE_GC",
                                 "(NFSD_FILE_GC)",
                                 "(FOO) + 1",
                                 "1 +",
                                 "1 2",
                                 "(1",
                                 "1)",
                                 "1 << 64",
                                 "1 << -1",
                                 "1 / 0",
                                 "1 % 0",
                                 "0xffffffffffffffff + 1",
                                 "99999999999999999999",
                                 "0xffffffffffffffff * 0xffffffffffffffff",
                                 "1 ? 2 : 3",
                                 "sizeof(int)",
                                 "REC->op",
                                 "\"text\"",
                                 "-"}) {
    CAPTURE(expression);
    CHECK(ValueOf(expression) == kNothing);
  }
}

TEST_CASE("deep nesting is refused, not followed") {
  CHECK(ValueOf(std::string(100000, '(')) == kNothing);
  CHECK(ValueOf(std::string(100000, '-') + "1") == kNothing);
}

}  // namespace
}  // namespace fct
