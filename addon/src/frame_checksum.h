// XXH64 with seed 0: of the checks that tell a damaged page, the cheapest under emulation.
#ifndef FCT_FRAME_CHECKSUM_H
#define FCT_FRAME_CHECKSUM_H

#include <cstddef>
#include <cstdint>

namespace fct {

uint64_t FrameChecksum(const uint8_t* data, size_t length);

}  // namespace fct

#endif  // FCT_FRAME_CHECKSUM_H
