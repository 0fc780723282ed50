// A bounded queue of frames on their way from the ring buffer to where they are written. One thread's.
#ifndef FCT_FRAME_POOL_H
#define FCT_FRAME_POOL_H

#include <cstddef>
#include <cstdint>
#include <memory>

namespace fct {

enum class FrameKind : uint16_t { kPage = 1, kEndOfCpu = 2, kEndOfStream = 3 };

// As it goes over the wire: 32 bytes, little-endian.
struct FrameHeader {
  static constexpr uint32_t kMagic = 0x32544346;  // "FCT2"

  uint32_t magic;
  uint16_t kind;
  uint16_t cpu;
  uint64_t sequence;  // per CPU, over all kinds, from 0
  uint32_t length;    // bytes of data that follow
  uint32_t reserved;  // 0
  uint64_t checksum;  // FrameChecksum() of the data
};
static_assert(sizeof(FrameHeader) == 32, "the host cuts the stream by this");

// Frames stand one behind the other, so that one write sends many.
class FramePool {
 public:
  struct Bytes {
    const uint8_t* begin;
    size_t length;
  };

  // `largest` = bytes of data that a frame can hold. Room for at least two of those, whatever `bytes` says.
  FramePool(size_t bytes, size_t largest);

  // Where the data of the next frame is to be put, `largest` bytes; null if there is no room now.
  uint8_t* Room();
  // Completes the frame at Room(): its data stands there. Sets the checksum.
  void Add(FrameHeader header);

  bool is_empty() const { return !is_wrapped_ && read_ == write_; }
  // The oldest bytes, as far as they stand together.
  Bytes Front() const { return {memory_.get() + read_, (is_wrapped_ ? end_ : write_) - read_}; }
  // Those of Front() that have been sent, be it the middle of a frame.
  void Remove(size_t length);

 private:
  size_t largest_;  // header included
  size_t size_;
  std::unique_ptr<uint8_t[]> memory_;
  size_t read_ = 0;
  size_t write_ = 0;
  // If so, what is to be sent goes on at 0 behind end_.
  bool is_wrapped_ = false;
  size_t end_ = 0;
};

}  // namespace fct

#endif  // FCT_FRAME_POOL_H
