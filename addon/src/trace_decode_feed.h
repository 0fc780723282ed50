// Where the sub-buffers of one CPU come from, in order: out of a file, or as they are pushed.
#ifndef FCT_TRACE_DECODE_FEED_H
#define FCT_TRACE_DECODE_FEED_H

#include <cstdint>
#include <deque>
#include <utility>

#include "trace_decode_array.h"
#include "trace_decode_source.h"

namespace fct {

// Whole sub-buffers that follow each other.
struct PageChunk {
  Array<uint8_t> bytes;
  uint64_t offset = 0;  // in the CPU's file or stream
};

class PageFeed {
 public:
  virtual ~PageFeed() = default;
  // The next sub-buffers; false if there are none now.
  virtual bool Next(PageChunk* chunk) = 0;
  // Nothing more will ever come after what Next() still gives.
  virtual bool is_ended() const = 0;
  // No event after what Next() still gives is from before this time.
  virtual uint64_t quiet_until() const { return 0; }
  // The error, at its place in the file; its offset is one of this feed.
  virtual DecodeError Locate(const DecodeError& error) const { return error; }
};

// `size` bytes of whole sub-buffers at `offset` of a source.
class SourceFeed : public PageFeed {
 public:
  SourceFeed(const ByteSource& source, uint64_t offset, uint64_t size, uint32_t page_size)
      : source_(source), at_(offset), end_(offset + size), page_size_(page_size) {}

  bool Next(PageChunk* chunk) override;
  bool is_ended() const override { return true; }
  DecodeError Locate(const DecodeError& error) const override {
    const auto packed_at = source_.PackedAt(error.offset());
    return packed_at ? error.Within(*packed_at) : error;
  }

 private:
  const ByteSource& source_;
  uint64_t at_;
  uint64_t end_;
  uint32_t page_size_;
};

// Whole sub-buffers as they come.
class QueueFeed : public PageFeed {
 public:
  void Push(Array<uint8_t> page) { pages_.push_back(std::move(page)); }
  void QuietUntil(uint64_t time) { quiet_until_ = time; }
  void End() { is_ended_ = true; }

  bool Next(PageChunk* chunk) override;
  bool is_ended() const override { return is_ended_; }
  uint64_t quiet_until() const override { return quiet_until_; }

 private:
  std::deque<Array<uint8_t>> pages_;
  uint64_t offset_ = 0;
  uint64_t quiet_until_ = 0;
  bool is_ended_ = false;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_FEED_H
