#include "trace_decode_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <set>

namespace fct {
namespace {

#ifdef __has_feature
#define FCT_HAS_FEATURE(feature) __has_feature(feature)
#else
#define FCT_HAS_FEATURE(feature) 0
#endif

// Sizes between are powers of two, and their blocks are from the arena; smaller ones are cheap anyway, larger
// ones grow by realloc, which moves them by page table.
constexpr size_t kLeast = 4096;
constexpr size_t kMost = size_t{4} << 20;
#if defined(__SANITIZE_ADDRESS__) || FCT_HAS_FEATURE(address_sanitizer)
// Who writes beyond a block is found out if the block is of malloc.
constexpr size_t kArena = 0;
#else
// V8 looks for what is dead when it has been given 64 MiB, and is given more while it looks.
constexpr size_t kArena = size_t{96} << 20;
#endif

bool IsKept(size_t size) { return kArena > 0 && size >= kLeast && size <= kMost; }

unsigned OrderOf(size_t size) { return static_cast<unsigned>(__builtin_ctzll(size)); }

// Address space of which the beginning is used, as far as needed, and what is used is kept. Blocks are halved
// until one has the size, and put together again when both halves are back. A child process does not get any
// of it: after a fork() the kernel would copy each page anew that is written to, and harness starts processes
// all the time.
class Arena {
 public:
  Arena() {
    void* const space =
        ::mmap(nullptr, kArena, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) return;  // there is malloc
    ::madvise(space, kArena, MADV_DONTFORK);
    begin_ = static_cast<uint8_t*>(space);
    for (size_t at = 0; at < kArena; at += kMost) free_[OrderOf(kMost)].insert(at);
  }

  // Null if there is none left.
  void* Take(size_t size) {
    const std::lock_guard lock(mutex_);
    const unsigned wanted = OrderOf(size);
    unsigned order = wanted;
    while (order < kOrders && free_[order].empty()) order++;
    if (order == kOrders) return nullptr;
    const size_t at = *free_[order].begin();
    free_[order].erase(free_[order].begin());
    while (order-- > wanted) free_[order].insert(at + (size_t{1} << order));
    return begin_ + at;
  }

  // False if it is not from here.
  bool Give(void* block, size_t size) {
    size_t at = reinterpret_cast<uintptr_t>(block) - reinterpret_cast<uintptr_t>(begin_);
    if (at >= kArena) return false;
    const std::lock_guard lock(mutex_);
    unsigned order = OrderOf(size);
    while (order + 1 < kOrders && free_[order].erase(at ^ size_t{1} << order) > 0) {
      at &= ~(size_t{1} << order);
      order++;
    }
    free_[order].insert(at);
    return true;
  }

 private:
  static constexpr unsigned kOrders = 23;  // up to kMost

  std::mutex mutex_;
  uint8_t* begin_ = nullptr;
  std::set<size_t> free_[kOrders];  // where, by the power of two
};

// Not destroyed: V8 gives blocks back until the process ends.
Arena& TheArena() {
  static Arena* const arena = new Arena;
  return *arena;
}

}  // namespace

size_t BlockSize(size_t bytes) {
  if (!IsKept(bytes)) return bytes;
  size_t size = kLeast;
  while (size < bytes) size *= 2;
  return size;
}

void* TakeBlock(size_t size) {
  void* block = IsKept(size) ? TheArena().Take(size) : nullptr;
  if (block == nullptr) block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void GiveBlock(void* block, size_t size) {
  if (!IsKept(size) || !TheArena().Give(block, size)) std::free(block);
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
