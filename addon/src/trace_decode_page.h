// Walks the events of one sub-buffer as read from trace_pipe_raw (kernel/trace/ring_buffer.c,
// include/linux/ring_buffer.h).
#ifndef FCT_TRACE_DECODE_PAGE_H
#define FCT_TRACE_DECODE_PAGE_H

#include <cstdint>
#include <optional>

#include "trace_decode_bytes.h"
#include "trace_decode_format.h"

namespace fct {

// What a sub-buffer's header says.
struct PageHeader {
  uint64_t timestamp = 0;
  uint32_t committed = 0;          // bytes of events behind the header
  bool missed_before = false;      // commit bit 31: the ring buffer overran before this sub-buffer
  std::optional<uint64_t> missed;  // how many events; only known if commit bit 30 says that it is stored
};

// Throws DecodeError PAGE if the sub-buffer cannot hold what its header says. `offset` is the sub-buffer's in
// the file.
PageHeader ReadPageHeader(const PageLayout& layout, const uint8_t* page, uint64_t offset);

// One event of a sub-buffer.
struct Record {
  uint64_t timestamp;
  const uint8_t* data;
  uint32_t length;  // bytes; a multiple of 4, at least what was written
};

class PageWalker {
 public:
  // `page` has layout.page_size bytes and outlives the walker.
  PageWalker(const PageLayout& layout, const PageHeader& header, const uint8_t* page, uint64_t offset)
      : begin_(page),
        at_(page + layout.data_offset),
        end_(at_ + header.committed),
        timestamp_(header.timestamp),
        offset_(offset) {}

  // Moves to the next event with data. False at the end; DecodeError EVENT if an event runs out of the
  // sub-buffer. Ends on any input, for each turn of the loop moves on by at least the 4 bytes of a header.
  bool Next(Record* record) {
    while (at_ != end_) {
      if (end_ - at_ < 4) Fail("an event header is cut off");
      const uint32_t header = Load<uint32_t>(at_);
      const uint32_t type_len = header & 31;
      const uint32_t delta = header >> 5;
      if (type_len != 0 && type_len <= kMaxDataWords) {
        timestamp_ += delta;
        Emit(4, type_len * 4, record);
        return true;
      }
      if (NextSpecial(type_len, delta, record)) return true;
    }
    return false;
  }

  // Offset in the file of the record that Next() gave.
  uint64_t OffsetOf(const Record& record) const {
    return offset_ + static_cast<uint64_t>(record.data - begin_);
  }

 private:
  static constexpr uint32_t kMaxDataWords = 28;
  enum : uint32_t { kLongData = 0, kPadding = 29, kTimeExtend = 30, kTimeStamp = 31 };

  void Emit(uint32_t header, uint32_t length, Record* record) {
    if (static_cast<uint64_t>(end_ - at_) < uint64_t{header} + length)
      Fail("an event runs over the page's end");
    *record = {timestamp_, at_ + header, length};
    at_ += header + length;
  }

  bool NextSpecial(uint32_t type_len, uint32_t delta, Record* record);
  void SkipPadding(uint32_t delta);
  void SetAbsoluteTime(uint64_t stamp);
  uint32_t SecondWord() const;
  [[noreturn]] void Fail(const char* what) const;

  const uint8_t* begin_;
  const uint8_t* at_;
  const uint8_t* end_;
  uint64_t timestamp_;
  uint64_t offset_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_PAGE_H
