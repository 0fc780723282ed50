#include "trace_decode_cpu.h"

namespace fct {

void CpuCursor::Refill() {
  do {
    if (stretch_.failure) std::rethrow_exception(stretch_.failure);
    if (is_ended()) return;
    Advance();
  } while (begin() == end() && stretch_.state == Stretch::State::kPages);
}

void CpuCursor::Advance() {
  scanner_.Scan(&stretch_);
  taken_ = 0;
  summary_.pages += stretch_.pages;
  summary_.raised += stretch_.raised;
  gaps_.insert(gaps_.end(), stretch_.gaps.begin(), stretch_.gaps.end());
}

std::optional<DecodeError> CpuCursor::Locate(const FieldError& error) const {
  const PageChunk& chunk = stretch_.chunk;
  for (size_t at = 0; at < chunk.bytes.size(); at++) {
    if (chunk.bytes.data() + at != error.at()) continue;
    return scanner_.feed().Locate(DecodeError("FIELD", chunk.offset + at, error.what()));
  }
  return std::nullopt;
}

std::vector<Gap> CpuCursor::TakeGaps(uint64_t time) {
  std::vector<Gap> ended;
  for (; !gaps_.empty() && gaps_.front().before <= time; gaps_.pop_front()) ended.push_back(gaps_.front());
  return ended;
}

}  // namespace fct
