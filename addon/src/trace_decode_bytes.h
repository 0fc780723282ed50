// Unaligned little-endian loads; the formats that fctorture reads are written by little-endian machines only.
#ifndef FCT_TRACE_DECODE_BYTES_H
#define FCT_TRACE_DECODE_BYTES_H

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fct {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "loads below take the machine's own order");

template <typename T>
inline T Load(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// An integer of 4 or 8 bytes, zero-extended: a `long` of the traced kernel.
inline uint64_t LoadLong(const uint8_t* from, uint32_t size) {
  return size == 4 ? Load<uint32_t>(from) : Load<uint64_t>(from);
}

}  // namespace fct

#endif  // FCT_TRACE_DECODE_BYTES_H
