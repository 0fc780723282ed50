// The pages of one CPU that a trace.dat of version 7 holds in compressed chunks, as if they stood there one
// after the other.
#ifndef FCT_TRACE_DECODE_CHUNKS_H
#define FCT_TRACE_DECODE_CHUNKS_H

#include <cstdint>
#include <string>
#include <vector>

#include "trace_decode_source.h"
#include "trace_decode_unpack.h"

namespace fct {

// Holds one chunk unpacked at a time. Reads of several threads need a source each.
class ChunkSource : public ByteSource {
 public:
  // Steps over the chunks from `offset` on, without unpacking any; `stated` is the size that the file gives
  // them. Throws DecodeError.
  ChunkSource(const ByteSource& file, Packing packing, uint64_t offset, uint64_t stated);

  uint64_t size() const override { return size_; }
  void Read(uint64_t offset, void* to, size_t length) const override;
  std::optional<uint64_t> PackedAt(uint64_t offset) const override;

 private:
  struct Chunk {
    uint64_t begin;  // of its bytes among the unpacked ones
    PackedBlock block;
  };

  const Chunk& ChunkAt(uint64_t offset) const;
  const std::string& Unpacked(const Chunk& chunk) const;

  const ByteSource& file_;
  Packing packing_;
  std::vector<Chunk> chunks_;
  uint64_t size_ = 0;
  mutable const Chunk* held_ = nullptr;
  mutable std::string bytes_;  // of the chunk held
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_CHUNKS_H
