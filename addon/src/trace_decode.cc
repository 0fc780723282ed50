#include "trace_decode.h"

#include <algorithm>
#include <utility>

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
                           const std::vector<PageFeed*>& feeds, const std::optional<FieldChoice>& choice)
    : types_(std::move(types), layout.commit_size, choice) {
  for (PageFeed* feed : feeds) {
    cpus_.emplace_back(layout, static_cast<uint16_t>(cpus_.size()), feed);
    merge_.Add(&cpus_.back());
  }
  collectors_.resize(this->types().size() + 1);
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
  const size_t count = batch.rows.timestamp.size();
  const uint64_t last = count > 0 ? batch.rows.timestamp[count - 1] : 0;
  for (CpuCursor& cpu : cpus_) {
    for (const Gap& gap : cpu.TakeGaps(is_ended() ? UINT64_MAX : last)) batch.gaps.push_back(gap);
  }
  return batch;
}

uint32_t TraceDecoder::DecodeBlock(uint32_t most, Rows* rows) {
  try {
    const uint32_t got = Collect(most, rows);
    FillColumns();
    return got;
  } catch (const FieldError& error) {
    throw Locate(error);
  }
}

// Puts up to `most` events behind the rows, and their records where FillColumns() finds them.
uint32_t TraceDecoder::Collect(uint32_t most, Rows* rows) {
  const size_t begin = rows->timestamp.size();
  Grow(rows, begin + most);
  uint64_t* const timestamps = rows->timestamp.data() + begin;
  uint16_t* const cpus = rows->cpu.data() + begin;
  uint16_t* const types = rows->type.data() + begin;
  uint32_t* const indices = rows->index.data() + begin;
  int32_t* const pids = rows->pid.data() + begin;
  const uint32_t pid_offset = types_.pid_offset();
  const uint16_t* const numbers = types_.numbers();
  Collector* collectors = collectors_.data();
  size_t row = 0;
  merge_.ForEach(most, [&](const Record& record) {
    uint16_t number = numbers[record.id];
    if (record.length < collectors[number].least) {
      Begin(record);
      number = numbers[record.id];
      collectors = collectors_.data();
    }
    Collector& collector = collectors[number];
    *collector.end++ = {record.data, record.length};
    timestamps[row] = record.timestamp;
    cpus[row] = record.cpu;
    types[row] = static_cast<uint16_t>(number - 1);
    indices[row] = collector.row++;
    pids[row] = Load<int32_t>(record.data + pid_offset);
    row++;
  });
  Cut(rows, begin + row);
  return static_cast<uint32_t>(row);
}

// The first event of its type in a block, unless it is too short.
void TraceDecoder::Begin(const Record& record) {
  if (types_.numbers()[record.id] == 0) types_.AddUnknown(record.id);
  const auto type = static_cast<uint16_t>(types_.numbers()[record.id] - 1);
  // The pid is within: all types have it at the same place (MetadataReader).
  const uint32_t required = types()[type].plan.required;
  if (record.length < required) throw FieldError(record.data, "an event is shorter than its fields");
  collectors_.resize(types().size() + 1);
  records_.resize(types().size());
  records_[type].Resize(kDecodeBlock);
  collectors_[type + size_t{1}] = {records_[type].data(), types_.ColumnsOf(type).count(), required};
  touched_.push_back(type);
}

void TraceDecoder::FillColumns() {
  for (const uint16_t type : touched_) {
    const RecordData* const records = records_[type].data();
    const Collector collector = std::exchange(collectors_[type + size_t{1}], Collector());
    types_.ColumnsOf(type).Append(records, static_cast<uint32_t>(collector.end - records), &interned_);
  }
  touched_.clear();
}

DecodeError TraceDecoder::Locate(const FieldError& error) const {
  for (const CpuCursor& cpu : cpus_) {
    const auto located = cpu.Locate(error);
    if (located) return *located;
  }
  return DecodeError("FIELD", 0, error.what());
}

bool TraceDecoder::is_ended() const {
  return std::all_of(cpus_.begin(), cpus_.end(), [](const CpuCursor& cpu) { return cpu.is_ended(); });
}

std::vector<CpuSummary> TraceDecoder::Summaries() const {
  std::vector<CpuSummary> summaries;
  for (const CpuCursor& cpu : cpus_) summaries.push_back(cpu.summary());
  return summaries;
}

}  // namespace fct
