#include "trace_decode.h"

#include <algorithm>

#include "trace_decode_error.h"

namespace fct {
namespace {

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
    const uint32_t got = DecodeBlock(std::min(kDecodeBlock, most - count), &batch.rows);
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
  uint64_t* const timestamps = rows->timestamp.data() + begin;
  uint16_t* const cpus = rows->cpu.data() + begin;
  uint16_t* const numbers = rows->type.data() + begin;
  uint32_t* const indices = rows->index.data() + begin;
  int32_t* const pids = rows->pid.data() + begin;
  const uint32_t pid_offset = types_.pid_offset();
  uint32_t row = 0;
  for (; row < most; row++) {
    const CpuCursor* cpu = merge_.Next();
    if (cpu == nullptr) break;
    const Record& record = cpu->record();
    if (record.length < pid_offset + 4)
      throw DecodeError("FIELD", cpu->offset(), "an event is shorter than its common fields");
    const uint16_t type = types_.IndexOf(Load<uint16_t>(record.data));
    timestamps[row] = cpu->time();
    cpus[row] = cpu->cpu();
    numbers[row] = type;
    pids[row] = Load<int32_t>(record.data + pid_offset);
    indices[row] = CollectorOf(type).Add(record.data, record.length, cpu->offset());
  }
  Cut(rows, begin + row);
  return row;
}

TraceDecoder::Collector& TraceDecoder::CollectorOf(uint16_t type) {
  if (type >= collectors_.size()) collectors_.resize(types().size());
  Collector& collector = collectors_[type];
  if (collector.count == 0) {
    touched_.push_back(type);
    collector.records.resize(kDecodeBlock);
    collector.rows = types_.ColumnsOf(type).count();
  }
  return collector;
}

void TraceDecoder::FillColumns() {
  for (const uint16_t type : touched_) {
    Collector& collector = collectors_[type];
    types_.ColumnsOf(type).Append(collector.records.data(), collector.count, &interned_);
    collector.count = 0;
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
