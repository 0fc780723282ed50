#include "trace_decode_page.h"

#include "trace_decode_error.h"

namespace fct {
namespace {

constexpr uint64_t kMissedEvents = 1u << 31;
constexpr uint64_t kMissedStored = 1u << 30;
constexpr uint64_t kCommitMask = (1u << 27) - 1;
constexpr int kDeltaBits = 27;
constexpr uint64_t kStampTop = 0xf8ull << 56;  // an absolute stamp has 59 bits

}  // namespace

PageHeader ReadPageHeader(const PageLayout& layout, const uint8_t* page, uint64_t offset) {
  const uint64_t commit = LoadLong(page + layout.commit_offset, layout.commit_size);
  const uint32_t capacity = layout.page_size - layout.data_offset;
  PageHeader header;
  header.timestamp = Load<uint64_t>(page + layout.timestamp_offset);
  header.committed = static_cast<uint32_t>(commit & kCommitMask);
  header.missed_before = (commit & kMissedEvents) != 0;
  const bool is_stored = header.missed_before && (commit & kMissedStored) != 0;
  if (uint64_t{header.committed} + (is_stored ? layout.commit_size : 0) > capacity) {
    throw DecodeError("PAGE", offset + layout.commit_offset, "a page claims more bytes than it has");
  }
  if (is_stored) header.missed = LoadLong(page + layout.data_offset + header.committed, layout.commit_size);
  return header;
}

bool PageWalker::NextSpecial(uint32_t type_len, uint32_t delta, Record* record) {
  switch (type_len) {
    case kLongData: {
      const uint32_t length = SecondWord();  // its own 4 bytes included
      if (length < 4 || length % 4 != 0) Fail("an event has an impossible length");
      MoveTo(timestamp_ + delta);
      Emit(8, length - 4, record);
      return true;
    }
    case kPadding:
      SkipPadding(delta);
      return false;
    case kTimeExtend:
      MoveTo(timestamp_ + (uint64_t{SecondWord()} << kDeltaBits) + delta);
      at_ += 8;
      return false;
    default:
      SetAbsoluteTime((uint64_t{SecondWord()} << kDeltaBits) + delta);
      at_ += 8;
      return false;
  }
}

// A delta of 0 means that nothing follows. Otherwise it is an event that was discarded: its time counts, for
// the next event's delta is from there, although the kernel's own reader leaves it out
// (rb_update_read_stamp()).
void PageWalker::SkipPadding(uint32_t delta) {
  if (delta == 0) {
    at_ = end_;
    return;
  }
  const uint32_t length = SecondWord();
  if (length < 4 || length % 4 != 0 || static_cast<uint64_t>(end_ - at_) < uint64_t{length} + 4) {
    Fail("a discarded event runs over the page's end");
  }
  MoveTo(timestamp_ + delta);
  at_ += length + 4;
}

// As rb_fix_abs_ts(): the top five bits are those of the time so far, plus one if the 59 bits have wrapped.
void PageWalker::SetAbsoluteTime(uint64_t stamp) {
  const uint64_t top = timestamp_ & kStampTop;
  if (top != 0) {
    stamp |= top;
    if (stamp < timestamp_) stamp += uint64_t{1} << 59;
  }
  MoveTo(stamp);
}

uint32_t PageWalker::SecondWord() const {
  if (end_ - at_ < 8) Fail("an event header is cut off");
  return Load<uint32_t>(at_ + 4);
}

void PageWalker::Fail(const char* what) const {
  throw DecodeError("EVENT", offset_ + static_cast<uint64_t>(at_ - begin_), what);
}

}  // namespace fct
