// An array that grows and can be given away to V8.
#ifndef FCT_TRACE_DECODE_ARRAY_H
#define FCT_TRACE_DECODE_ARRAY_H

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "trace_decode_memory.h"

namespace fct {

// Memory that was an array's; whoever has it calls GiveBlock().
struct Block {
  void* memory;
  size_t size;
};

template <typename T>
class Array {
  static_assert(std::is_trivially_copyable_v<T>, "growing moves bytes");

 public:
  Array() = default;
  explicit Array(size_t size) { Resize(size); }
  Array(Array&& from) noexcept { Swap(from); }
  Array& operator=(Array&& from) noexcept {
    Swap(from);
    return *this;
  }
  ~Array() {
    if (memory_ != nullptr) GiveBlock(memory_, bytes_);
  }

  void Push(T value) {
    if (size_ == capacity()) Reserve(std::max<size_t>(64, capacity() * 2));
    memory_[size_++] = value;
  }

  // New elements are not initialised.
  void Resize(size_t size) {
    Reserve(size);
    size_ = size;
  }

  // As Resize(), but with room for as much again whenever there is not enough.
  void Grow(size_t size) {
    if (size > capacity()) Reserve(std::max(size, 2 * capacity()));
    size_ = size;
  }

  // Gives the memory away. None if the array never held anything.
  Block Release() {
    size_ = 0;
    return {std::exchange(memory_, nullptr), std::exchange(bytes_, 0)};
  }

  T* data() { return memory_; }
  const T* data() const { return memory_; }
  size_t size() const { return size_; }
  T& operator[](size_t index) { return memory_[index]; }
  const T& operator[](size_t index) const { return memory_[index]; }

 private:
  size_t capacity() const { return bytes_ / sizeof(T); }

  void Reserve(size_t capacity) {
    if (capacity * sizeof(T) <= bytes_) return;
    const size_t bytes = BlockSize(capacity * sizeof(T));
    memory_ = static_cast<T*>(EnlargeBlock(memory_, bytes_, size_ * sizeof(T), bytes));
    bytes_ = bytes;
  }

  void Swap(Array& other) {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    std::swap(bytes_, other.bytes_);
  }

  T* memory_ = nullptr;
  size_t size_ = 0;
  size_t bytes_ = 0;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_ARRAY_H
