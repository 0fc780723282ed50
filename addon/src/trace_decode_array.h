// An array that grows by realloc (large blocks move by page table, not by copying) and can be given away to
// V8.
#ifndef FCT_TRACE_DECODE_ARRAY_H
#define FCT_TRACE_DECODE_ARRAY_H

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace fct {

struct FreeMemory {
  void operator()(void* memory) const { std::free(memory); }
};

template <typename T>
class Array {
  static_assert(std::is_trivially_copyable_v<T>, "realloc moves bytes");

 public:
  Array() = default;
  explicit Array(size_t size) { Resize(size); }
  Array(Array&& from) noexcept
      : memory_(std::move(from.memory_)),
        size_(std::exchange(from.size_, 0)),
        capacity_(std::exchange(from.capacity_, 0)) {}
  Array& operator=(Array&& from) noexcept {
    memory_ = std::move(from.memory_);
    size_ = std::exchange(from.size_, 0);
    capacity_ = std::exchange(from.capacity_, 0);
    return *this;
  }

  void Push(T value) {
    if (size_ == capacity_) Reserve(capacity_ < 64 ? 64 : capacity_ * 2);
    memory_.get()[size_++] = value;
  }

  // New elements are not initialised.
  void Resize(size_t size) {
    Reserve(size);
    size_ = size;
  }

  // As Resize(), but with room for as much again whenever there is not enough.
  void Grow(size_t size) {
    if (size > capacity_) Reserve(size < 2 * capacity_ ? 2 * capacity_ : size);
    size_ = size;
  }

  // Gives the memory away; it is freed with free(). Null if the array never held anything.
  T* Release() {
    size_ = capacity_ = 0;
    return memory_.release();
  }

  T* data() { return memory_.get(); }
  const T* data() const { return memory_.get(); }
  size_t size() const { return size_; }
  T& operator[](size_t index) { return memory_.get()[index]; }
  const T& operator[](size_t index) const { return memory_.get()[index]; }

 private:
  void Reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    void* memory = std::realloc(memory_.get(), capacity * sizeof(T));
    if (memory == nullptr) throw std::bad_alloc();
    memory_.release();
    memory_.reset(static_cast<T*>(memory));
    capacity_ = capacity;
  }

  std::unique_ptr<T, FreeMemory> memory_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_ARRAY_H
