#include "trace_decode_chunks.h"

#include <algorithm>
#include <cstring>

#include "trace_decode_error.h"

namespace fct {
namespace {

constexpr uint64_t kCountWord = 4;

}  // namespace

ChunkSource::ChunkSource(const ByteSource& file, Packing packing, uint64_t offset, uint64_t stated)
    : file_(file), packing_(packing) {
  SourceCursor cursor(file);
  cursor.Seek(offset);
  for (uint32_t count = cursor.ReadU32(); count > 0; count--) {
    const uint64_t at = cursor.offset();
    const PackedBlock block = ReadPackedBlock(&cursor);
    // trace-cmd does not count the word with the number of chunks.
    if (cursor.offset() - offset > stated + kCountWord) {
      throw DecodeError("FORMAT", at, "the chunks of a CPU are longer than the file says");
    }
    chunks_.push_back({size_, block});
    size_ += block.size;
  }
}

void ChunkSource::Read(uint64_t offset, void* to, size_t length) const {
  auto* at = static_cast<uint8_t*>(to);
  while (length > 0) {
    const Chunk& chunk = ChunkAt(offset);
    const uint64_t within = offset - chunk.begin;
    const size_t portion = std::min<uint64_t>(length, chunk.block.size - within);
    std::memcpy(at, Unpacked(chunk).data() + within, portion);
    at += portion;
    offset += portion;
    length -= portion;
  }
}

std::optional<uint64_t> ChunkSource::PackedAt(uint64_t offset) const { return ChunkAt(offset).block.offset; }

const ChunkSource::Chunk& ChunkSource::ChunkAt(uint64_t offset) const {
  const auto behind =
      std::upper_bound(chunks_.begin(), chunks_.end(), offset,
                       [](uint64_t wanted, const Chunk& chunk) { return wanted < chunk.begin; });
  return *std::prev(behind);
}

const std::string& ChunkSource::Unpacked(const Chunk& chunk) const {
  if (held_ != &chunk) {
    held_ = nullptr;
    bytes_ = Unpack(file_, packing_, chunk.block);
    held_ = &chunk;
  }
  return bytes_;
}

}  // namespace fct
