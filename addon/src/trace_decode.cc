#include "trace_decode.h"

#include <algorithm>

#include "trace_decode_error.h"

namespace fct {
namespace {

// Events that are collected before their fields are taken out, field by field: their pages are still in the
// processor's cache then.
constexpr uint32_t kBlock = 512;
constexpr uint32_t kExpected = 1u << 16;  // rows of a batch, at first

void Grow(Rows* rows, size_t size) {
  rows->timestamp.Grow(size);
  rows->cpu.Grow(size);
  rows->type.Grow(size);
  rows->index.Grow(size);
  rows->pid.Grow(size);
}

void Cut(Rows* rows, size_t size) {
  rows->timestamp.Resize(size);
  rows->cpu.Resize(size);
  rows->type.Resize(size);
  rows->index.Resize(size);
  rows->pid.Resize(size);
}

}  // namespace

TraceDecoder::TraceDecoder(const PageLayout& layout, std::vector<EventType> types,
                           const std::vector<PageFeed*>& feeds)
    : feeds_(feeds), types_(std::move(types), layout.commit_size) {
  for (PageFeed* feed : feeds_) {
    cpus_.emplace_back(layout, static_cast<uint16_t>(cpus_.size()), feed);
    merge_.Add(&cpus_.back());
  }
}

Batch TraceDecoder::Decode(uint32_t most) {
  Batch batch;
  Grow(&batch.rows, std::min(most, kExpected));
  Cut(&batch.rows, 0);
  for (uint32_t count = 0; count < most;) {
    const uint32_t got = DecodeBlock(std::min(kBlock, most - count), &batch.rows);
    if (got == 0) break;
    count += got;
  }
  for (uint16_t type = 0; type < types().size(); type++) {
    EventColumns& columns = types_.ColumnsOf(type);
    batch.counts.push_back(columns.count());
    batch.columns.push_back(columns.Take());
  }
  batch.pointers = interned_.pointers.TakeNew();
  batch.strings = interned_.strings.TakeNew();
  for (CpuCursor& cpu : cpus_) {
    for (const Gap& gap : cpu.TakeGaps()) batch.gaps.push_back(gap);
  }
  return batch;
}

uint32_t TraceDecoder::DecodeBlock(uint32_t most, Rows* rows) {
  try {
    const uint32_t got = Collect(most, rows);
    FillColumns();
    for (PageFeed* feed : feeds_) feed->Release();
    return got;
  } catch (const DecodeError& error) {
    const Place place(error.offset());
    if (!place.is_place()) throw;
    throw feeds_[place.cpu()]->Locate(error.At(place.offset()));
  }
}

// Puts up to `most` events behind the rows, and their records where FillColumns() finds them.
uint32_t TraceDecoder::Collect(uint32_t most, Rows* rows) {
  const size_t begin = rows->timestamp.size();
  Grow(rows, begin + most);
  size_t row = begin;
  for (; row < begin + most; row++) {
    const CpuCursor* cpu = merge_.Next();
    if (cpu == nullptr) break;
    const Record& record = cpu->record();
    if (record.length < types_.pid_offset() + 4)
      throw DecodeError("FIELD", cpu->offset(), "an event is shorter than its common fields");
    const uint16_t type = types_.IndexOf(Load<uint16_t>(record.data));
    if (type >= collected_.size()) collected_.resize(types().size());
    std::vector<PlacedRecord>& records = collected_[type];
    if (records.empty()) touched_.push_back(type);
    rows->timestamp[row] = cpu->time();
    rows->cpu[row] = cpu->cpu();
    rows->type[row] = type;
    rows->index[row] = types_.ColumnsOf(type).count() + static_cast<uint32_t>(records.size());
    rows->pid[row] = Load<int32_t>(record.data + types_.pid_offset());
    records.emplace_back(record.data, record.length, cpu->offset());
  }
  Cut(rows, row);
  return static_cast<uint32_t>(row - begin);
}

void TraceDecoder::FillColumns() {
  for (const uint16_t type : touched_) {
    types_.ColumnsOf(type).Append(collected_[type], &interned_);
    collected_[type].clear();
  }
  touched_.clear();
}

bool TraceDecoder::is_ended() const {
  return std::all_of(cpus_.begin(), cpus_.end(),
                     [](const CpuCursor& cpu) { return cpu.state() == CpuCursor::State::kEnded; });
}

std::vector<CpuSummary> TraceDecoder::Summaries() const {
  std::vector<CpuSummary> summaries;
  for (const CpuCursor& cpu : cpus_) summaries.push_back(cpu.summary());
  return summaries;
}

}  // namespace fct
