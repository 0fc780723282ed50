#include "trace_decode_scan.h"

#include <algorithm>

namespace fct {

void CpuScanner::Scan(Stretch* stretch) {
  stretch->chunk.bytes.Resize(0);
  stretch->records.Resize(0);
  stretch->gaps.clear();
  stretch->pages = stretch->raised = 0;
  stretch->failure = nullptr;
  stretch->state = Stretch::State::kPages;
  try {
    ScanFeed(stretch);
  } catch (...) {
    stretch->failure = std::current_exception();
  }
  stretch->time = time_;
}

void CpuScanner::ScanFeed(Stretch* stretch) {
  if (!feed_->Next(&stretch->chunk)) {
    stretch->state = feed_->is_ended() ? Stretch::State::kEnded : Stretch::State::kStarved;
    time_ = std::max(time_, feed_->quiet_until());
    // A gap at the very end has no event behind it.
    if (feed_->is_ended() && open_gap_) CloseGap(Gap::kNoEventAfter, stretch);
    return;
  }
  const Array<uint8_t>& bytes = stretch->chunk.bytes;
  for (size_t at = 0; at < bytes.size() && !stretch->failure; at += layout_.page_size) {
    ScanPage(bytes.data() + at, stretch->chunk.offset + at, stretch);
  }
}

void CpuScanner::ScanPage(const uint8_t* page, uint64_t offset, Stretch* stretch) {
  Array<Record>& records = stretch->records;
  const size_t begin = records.size();
  size_t found = 0;
  bool is_sorted = true;
  try {
    const PageHeader header = ReadPageHeader(layout_, page, offset);
    stretch->pages++;
    if (header.missed_before) OpenGap(header);
    records.Grow(begin + header.committed / kLeastEvent);
    PageWalker walker(layout_, header, page, offset, cpu_);
    walker.TakeAll(records.data() + begin, &found);
    is_sorted = !walker.has_gone_back();
  } catch (const DecodeError& error) {
    is_sorted = false;  // or nobody knows
    stretch->failure = std::make_exception_ptr(feed_->Locate(error));
  }
  records.Resize(begin + found);
  if (found > 0) EnterEvents(begin, is_sorted, stretch);
}

// A time below that of the event before is raised to it.
void CpuScanner::EnterEvents(size_t begin, bool is_sorted, Stretch* stretch) {
  Record* const first = stretch->records.data() + begin;
  Record* const end = stretch->records.data() + stretch->records.size();
  if (first->timestamp < time_ || !is_sorted) {
    for (Record* record = first; record != end; record++) {
      stretch->raised += record->timestamp < time_;
      time_ = std::max(time_, record->timestamp);
      record->timestamp = time_;
    }
  }
  if (open_gap_) CloseGap(first->timestamp, stretch);
  time_ = last_event_ = end[-1].timestamp;
}

// Pages without events may follow each other; what was missed before any of them is one gap.
void CpuScanner::OpenGap(const PageHeader& header) {
  if (!open_gap_) open_gap_ = Gap{cpu_, last_event_, Gap::kNoEventAfter, true, 0};
  open_gap_->is_counted = open_gap_->is_counted && header.missed.has_value();
  open_gap_->missed += header.missed.value_or(0);
}

void CpuScanner::CloseGap(uint64_t before, Stretch* stretch) {
  open_gap_->before = before;
  stretch->gaps.push_back(*open_gap_);
  open_gap_.reset();
}

}  // namespace fct
