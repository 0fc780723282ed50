#include "trace_decode_memory.h"

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <vector>

namespace fct {
namespace {

// Sizes between are powers of two and kept; smaller ones are cheap anyway, larger ones grow by realloc, which
// moves them by page table.
constexpr size_t kLeast = 4096;
constexpr size_t kMost = size_t{4} << 20;
constexpr size_t kMostKept = size_t{64} << 20;  // bytes, of all sizes

bool IsKept(size_t size) { return size >= kLeast && size <= kMost; }

class Blocks {
 public:
  void* Take(size_t size) {
    const std::lock_guard lock(mutex_);
    std::vector<void*>& blocks = Of(size);
    if (blocks.empty()) return nullptr;
    void* const block = blocks.back();
    blocks.pop_back();
    kept_ -= size;
    return block;
  }

  // False if there are enough.
  bool Keep(void* block, size_t size) {
    const std::lock_guard lock(mutex_);
    if (kept_ + size > kMostKept) return false;
    Of(size).push_back(block);
    kept_ += size;
    return true;
  }

 private:
  std::vector<void*>& Of(size_t size) { return blocks_[__builtin_ctzll(size)]; }

  std::mutex mutex_;
  size_t kept_ = 0;
  std::vector<void*> blocks_[64];  // by the power of two
};

// Not destroyed: V8 gives blocks back until the process ends.
Blocks& AllBlocks() {
  static Blocks* const blocks = new Blocks;
  return *blocks;
}

}  // namespace

size_t BlockSize(size_t bytes) {
  if (bytes < kLeast || bytes > kMost) return bytes;
  size_t size = kLeast;
  while (size < bytes) size *= 2;
  return size;
}

void* TakeBlock(size_t size) {
  void* block = IsKept(size) ? AllBlocks().Take(size) : nullptr;
  if (block == nullptr) block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void GiveBlock(void* block, size_t size) {
  if (!IsKept(size) || !AllBlocks().Keep(block, size)) std::free(block);
}

void* EnlargeBlock(void* block, size_t size, size_t used, size_t larger) {
  if (IsKept(size) || IsKept(larger)) {
    void* const taken = TakeBlock(larger);
    if (used > 0) std::memcpy(taken, block, used);
    if (block != nullptr) GiveBlock(block, size);
    return taken;
  }
  void* const moved = std::realloc(block, larger);
  if (moved == nullptr) throw std::bad_alloc();
  return moved;
}

}  // namespace fct
