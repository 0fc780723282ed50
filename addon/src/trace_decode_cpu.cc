#include "trace_decode_cpu.h"

#include <utility>

namespace fct {

CpuCursor::CpuCursor(const PageLayout& layout, uint16_t cpu, PageFeed* feed, ScanAhead* ahead)
    : scanner_(layout, cpu, feed), ahead_(feed->reads_ahead() ? ahead : nullptr) {
  if (ahead_ != nullptr) number_ = ahead_->Add(&scanner_);
}

void CpuCursor::Refill() {
  do {
    if (stretch_->failure) std::rethrow_exception(stretch_->failure);
    if (is_ended()) return;
    Advance();
  } while (begin() == end() && stretch_->state == Stretch::State::kPages);
}

void CpuCursor::Advance() {
  auto next = std::make_unique<Stretch>();
  if (!spare_.empty()) {
    next = std::move(spare_.back());
    spare_.pop_back();
  }
  if (ahead_ != nullptr) {
    next = ahead_->Exchange(number_, std::move(next));
  } else {
    scanner_.Scan(next.get());
  }
  used_.push_back(std::exchange(stretch_, std::move(next)));
  taken_ = 0;
  summary_.pages += stretch_->pages;
  summary_.raised += stretch_->raised;
  gaps_.insert(gaps_.end(), stretch_->gaps.begin(), stretch_->gaps.end());
}

void CpuCursor::Release() {
  if (!used_.empty() && spare_.empty()) spare_.push_back(std::move(used_.back()));
  used_.clear();
}

std::optional<DecodeError> CpuCursor::Locate(const FieldError& error) const {
  const auto locate = [&](const PageChunk& chunk) -> std::optional<DecodeError> {
    for (size_t at = 0; at < chunk.bytes.size(); at++) {
      if (chunk.bytes.data() + at != error.at()) continue;
      return scanner_.feed().Locate(DecodeError("FIELD", chunk.offset + at, error.what()));
    }
    return std::nullopt;
  };
  for (const auto& used : used_) {
    const auto located = locate(used->chunk);
    if (located) return located;
  }
  return locate(stretch_->chunk);
}

std::vector<Gap> CpuCursor::TakeGaps(uint64_t time) {
  std::vector<Gap> ended;
  for (; !gaps_.empty() && gaps_.front().before <= time; gaps_.pop_front()) ended.push_back(gaps_.front());
  return ended;
}

}  // namespace fct
