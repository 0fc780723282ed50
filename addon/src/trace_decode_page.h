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
  uint16_t cpu;
  uint16_t id;  // of its type; any, if it is too short to have one
};

// Bytes that an event with data takes at least, its header included.
constexpr uint32_t kLeastEvent = 8;

class PageWalker {
 public:
  // `page` has layout.page_size bytes and outlives the walker.
  PageWalker(const PageLayout& layout, const PageHeader& header, const uint8_t* page, uint64_t offset,
             uint16_t cpu)
      : begin_(page),
        at_(page + layout.data_offset),
        end_(at_ + header.committed),
        timestamp_(header.timestamp),
        offset_(offset),
        cpu_(cpu) {}

  // Puts all events with data, of which there are committed / kLeastEvent at most, to `records`, and their
  // number to `found`. DecodeError EVENT if an event runs out of the sub-buffer; those before it have been
  // put there then. Ends on any input, for each turn of the loop moves on by at least the 4 bytes of a
  // header.
  void TakeAll(Record* records, size_t* found) {
    do {
      *found += TakePlain(records + *found);
    } while (Next(records + *found) && ++*found);
  }

  // Whether any time was below the one before it.
  bool has_gone_back() const { return has_gone_back_; }

 private:
  static constexpr uint32_t kMaxDataWords = 28;
  static constexpr ptrdiff_t kMostPlain =
      4 + 4 * kMaxDataWords + 4;  // bytes, with its header and the next one's
  enum : uint32_t { kLongData = 0, kPadding = 29, kTimeExtend = 30, kTimeStamp = 31 };

  void Emit(uint32_t header, uint32_t length, Record* record) {
    if (static_cast<uint64_t>(end_ - at_) < uint64_t{header} + length)
      Fail("an event runs over the page's end");
    const uint8_t* const data = at_ + header;
    *record = {timestamp_, data, length, cpu_, length < 2 ? uint16_t{0} : Load<uint16_t>(data)};
    at_ += header + length;
  }

  // Moves to the next event with data, of whatever kind. False at the end.
  bool Next(Record* record) {
    while (at_ != end_) {
      if (end_ - at_ < 4) Fail("an event header is cut off");
      const uint32_t header = Load<uint32_t>(at_);
      const uint32_t type_len = header & 31;
      const uint32_t delta = header >> 5;
      if (type_len != 0 && type_len <= kMaxDataWords) {
        MoveTo(timestamp_ + delta);
        Emit(4, type_len * 4, record);
        return true;
      }
      if (NextSpecial(type_len, delta, record)) return true;
    }
    return false;
  }

  // Of the usual kind, up to the first event that is not, or might run over the end. Returns their number.
  // How long an event is says where the next one's header is: all waits for that load, so it comes as early
  // as it can.
  size_t TakePlain(Record* records) {
    const uint8_t* at = at_;
    ptrdiff_t left = end_ - at;
    if (left < kMostPlain) return 0;
    const uint16_t cpu = cpu_;
    uint64_t timestamp = timestamp_;
    Record* record = records;
    for (uint32_t header = Load<uint32_t>(at); left >= kMostPlain;) {
      const uint64_t words = header & 31;
      if (words - 1 >= kMaxDataWords) break;
      const uint8_t* const data = at + 4;
      const uint32_t next = Load<uint32_t>(data + words * 4);
      timestamp += header >> 5;
      *record++ = {timestamp, data, static_cast<uint32_t>(words) * 4, cpu, Load<uint16_t>(data)};
      at = data + words * 4;
      left = end_ - at;
      header = next;
    }
    at_ = at;
    MoveTo(timestamp);  // deltas of 27 bits: it has not gone round twice
    return static_cast<size_t>(record - records);
  }

  void MoveTo(uint64_t timestamp) {
    has_gone_back_ = has_gone_back_ || timestamp < timestamp_;
    timestamp_ = timestamp;
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
  bool has_gone_back_ = false;
  uint64_t offset_;
  uint16_t cpu_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_PAGE_H
