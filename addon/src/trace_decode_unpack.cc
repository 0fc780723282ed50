#include "trace_decode_unpack.h"

#include <zlib.h>
#include <zstd.h>

#include "trace_decode_error.h"

namespace fct {
namespace {

constexpr uint32_t kLargestBlock = 1u << 26;  // trace-cmd packs ten sub-buffers at once

bool UnpackZlib(const std::string& packed, std::string* to) {
  uLongf size = to->size();
  return uncompress(reinterpret_cast<Bytef*>(to->data()), &size,
                    reinterpret_cast<const Bytef*>(packed.data()), packed.size()) == Z_OK &&
         size == to->size();
}

bool UnpackZstd(const std::string& packed, std::string* to) {
  return ZSTD_decompress(to->data(), to->size(), packed.data(), packed.size()) == to->size();
}

}  // namespace

Packing PackingOf(const std::string& name, uint64_t offset) {
  if (name == "none") return Packing::kNone;
  if (name == "zlib") return Packing::kZlib;
  if (name == "zstd") return Packing::kZstd;
  throw DecodeError("COMPRESSION", offset, "an unknown compression: " + name);
}

PackedBlock ReadPackedBlock(SourceCursor* cursor) {
  const uint64_t at = cursor->offset();
  PackedBlock block;
  block.packed_size = cursor->ReadU32();
  block.size = cursor->ReadU32();
  if (block.packed_size == 0 || block.size == 0) throw DecodeError("FORMAT", at, "an empty compressed block");
  if (block.size > kLargestBlock) throw DecodeError("LIMIT", at, "a compressed block of more than 64 MiB");
  block.offset = cursor->offset();
  cursor->Skip(block.packed_size);
  return block;
}

std::string Unpack(const ByteSource& file, Packing packing, const PackedBlock& block) {
  std::string packed(block.packed_size, '\0');
  file.Read(block.offset, packed.data(), packed.size());
  std::string unpacked(block.size, '\0');
  const bool is_sound =
      packing == Packing::kZlib ? UnpackZlib(packed, &unpacked) : UnpackZstd(packed, &unpacked);
  if (!is_sound) throw DecodeError("PACKED", block.offset, "a compressed block cannot be decompressed");
  return unpacked;
}

}  // namespace fct
