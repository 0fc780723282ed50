// CRC-32 as zlib's crc32(): the guest's addon must not depend on more than libstdc++.
#ifndef FCT_CRC32_H
#define FCT_CRC32_H

#include <cstddef>
#include <cstdint>

namespace fct {

uint32_t Crc32(const uint8_t* data, size_t length);

}  // namespace fct

#endif  // FCT_CRC32_H
