#include "trace_decode_cpu.h"

#include "trace_decode_error.h"

namespace fct {

TypeTable::TypeTable(TraceFile* file)
    : long_size_(file->long_size), types_(std::move(file->types)), index_of_(UINT16_MAX + 1, kNone) {
  if (!types_.empty()) pid_offset_ = types_.front().plan.pid_offset;
  for (size_t type = 0; type < types_.size(); type++) {
    index_of_[types_[type].format.id] = static_cast<uint16_t>(type);
    columns_.emplace_back(types_[type].plan, long_size_);
  }
}

uint16_t TypeTable::AddUnknown(uint16_t id) {
  if (types_.size() >= kNone) throw DecodeError("LIMIT", 0, "more event types than a trace can have");
  EventType type;
  type.format.id = id;
  type.format.name = "unknown_" + std::to_string(id);
  type.plan.pid_offset = pid_offset_;
  type.plan.required = pid_offset_ + 4;
  columns_.emplace_back(type.plan, long_size_);
  types_.push_back(std::move(type));
  return index_of_[id] = static_cast<uint16_t>(types_.size() - 1);
}

void TypeTable::Finish(Trace* trace) {
  for (EventColumns& columns : columns_) {
    trace->counts.push_back(columns.count());
    trace->columns.push_back(columns.Take());
  }
  trace->types = std::move(types_);
  trace->pointers = interned_.pointers.Take();
  trace->strings.assign(interned_.strings.values().begin(), interned_.strings.values().end());
}

void CpuDecoder::DecodePage(const uint8_t* page, uint64_t offset) {
  const PageHeader header = ReadPageHeader(layout_, page, offset);
  summary_.pages++;
  if (header.missed_before) OpenGap(header);
  PageWalker walker(layout_, header, page, offset);
  Record record;
  while (walker.Next(&record)) Append(record, walker.OffsetOf(record));
}

void CpuDecoder::Append(const Record& record, uint64_t offset) {
  const uint32_t pid_offset = types_->PidOffset();
  if (record.length < pid_offset + 4)
    throw DecodeError("FIELD", offset, "an event is shorter than its common fields");
  const bool is_early = record.timestamp < last_;
  summary_.raised += is_early;
  if (!is_early) last_ = record.timestamp;
  if (open_gap_) CloseGap(last_);
  const uint16_t type = types_->IndexOf(Load<uint16_t>(record.data));
  rows_.index.Push(types_->ColumnsOf(type).Append(record, offset, &types_->interned()));
  rows_.timestamp.Push(last_);
  rows_.type.Push(type);
  rows_.pid.Push(Load<int32_t>(record.data + pid_offset));
  summary_.events++;
}

// Pages without events may follow each other; what was missed before any of them is one gap.
void CpuDecoder::OpenGap(const PageHeader& header) {
  if (!open_gap_) open_gap_ = Gap{cpu_, last_, Gap::kNoEventAfter, true, 0};
  open_gap_->is_counted = open_gap_->is_counted && header.missed.has_value();
  open_gap_->missed += header.missed.value_or(0);
}

void CpuDecoder::CloseGap(uint64_t before) {
  if (!open_gap_) return;
  open_gap_->before = before;
  gaps_.push_back(*open_gap_);
  open_gap_.reset();
}

}  // namespace fct
