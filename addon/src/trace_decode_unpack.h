// Decompresses one block of a trace.dat of version 7.
#ifndef FCT_TRACE_DECODE_UNPACK_H
#define FCT_TRACE_DECODE_UNPACK_H

#include <cstdint>
#include <string>
#include <string_view>

#include "trace_decode_source.h"

namespace fct {

enum class Packing : uint8_t { kNone, kZlib, kZstd };

// A block as it stands in the file: u32 packed size, u32 unpacked size, the packed bytes.
struct PackedBlock {
  uint64_t offset = 0;  // in the file, of the packed bytes
  uint32_t packed_size = 0;
  uint32_t size = 0;  // unpacked

  uint64_t end() const { return offset + packed_size; }
};

// The name that the file gives; throws DecodeError COMPRESSION for one that is not known.
Packing PackingOf(const std::string& name, uint64_t offset);

// Reads a block's two sizes and steps over its bytes. Throws DecodeError: TRUNCATED if the file is shorter,
// FORMAT for an empty block, LIMIT beyond 64 MiB.
PackedBlock ReadPackedBlock(SourceCursor* cursor);

// Throws DecodeError PACKED at the block unless its bytes unpack to exactly the size it states.
std::string Unpack(const ByteSource& file, Packing packing, const PackedBlock& block);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_UNPACK_H
