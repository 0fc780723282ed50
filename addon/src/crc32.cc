#include "crc32.h"

#include <array>

#include "trace_decode_bytes.h"

namespace fct {
namespace {

constexpr uint32_t kPolynomial = 0xedb88320;  // reflected, as in IEEE 802.3
constexpr size_t kSlices = 8;  // bytes taken per step; under emulation the table walk is all the cost

using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; slice++) {
    for (size_t byte = 0; byte < 256; byte++) {
      const uint32_t crc = tables[slice - 1][byte];
      tables[slice][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint32_t Crc32(const uint8_t* data, size_t length) {
  uint32_t crc = ~uint32_t{0};
  for (; length >= kSlices; data += kSlices, length -= kSlices) {
    uint64_t word = Load<uint64_t>(data) ^ crc;
    crc = 0;
    for (size_t slice = kSlices; slice-- > 0; word >>= 8) crc ^= kTables[slice][word & 0xff];
  }
  for (; length > 0; data++, length--) crc = (crc >> 8) ^ kTables[0][(crc ^ *data) & 0xff];
  return ~crc;
}

}  // namespace fct
