// A bounded queue of frames between the thread that drains the ring buffer and the one that ships them.
#ifndef FCT_FRAME_POOL_H
#define FCT_FRAME_POOL_H

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace fct {

enum class FrameKind : uint16_t { kPage = 1, kEndOfCpu = 2, kEndOfStream = 3 };

// As it goes over the wire: 32 bytes, little-endian.
struct FrameHeader {
  static constexpr uint32_t kMagic = 0x31544346;  // "FCT1"

  uint32_t magic;
  uint16_t kind;
  uint16_t cpu;
  uint64_t sequence;  // per CPU, over all kinds, from 0
  uint32_t length;    // bytes of data that follow
  uint32_t crc32;     // of the data
  uint64_t reserved;  // 0
};
static_assert(sizeof(FrameHeader) == 32, "the host cuts the stream by this");

// Header and data stand together, so that one write sends both.
struct Frame {
  uint8_t* bytes;
  FrameHeader* header() const { return reinterpret_cast<FrameHeader*>(bytes); }
  uint8_t* data() const { return bytes + sizeof(FrameHeader); }
};

// One thread fills frames, one other empties them.
class FramePool {
 public:
  // `largest` = bytes of data that a frame can hold. At least two frames, whatever `bytes` says.
  FramePool(size_t bytes, size_t largest);

  // The filling side. Null if all frames are taken; with `wait` only if the pool was closed.
  const Frame* Acquire(bool wait);
  // Hands over the frame of the last Acquire(). The other side may hear of it with the next ones, but not
  // later than at Flush(): to wake it up costs as much as to ship a frame.
  void Publish();
  void Flush();
  // No more frames will come.
  void Finish();

  // The emptying side: the oldest frame, null when there is none left after Finish(), or after Close().
  const Frame* Next();
  // Gives the frame of the last Next() back.
  void Release();

  // Ends all waiting; frames under way are lost. From any thread.
  void Close();
  bool is_closed();

 private:
  static constexpr size_t kAlignment = 64;
  static constexpr size_t kFewest = 2;
  static constexpr uint64_t kBatch = 16;  // frames

  std::unique_ptr<uint8_t[]> memory_;
  std::vector<Frame> frames_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t published_ = 0;
  uint64_t released_ = 0;
  bool finished_ = false;
  bool closed_ = false;
};

}  // namespace fct

#endif  // FCT_FRAME_POOL_H
