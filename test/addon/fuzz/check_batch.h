// What holds of every batch, whatever the bytes were that it was decoded from.
#ifndef FCT_CHECK_BATCH_H
#define FCT_CHECK_BATCH_H

#include <cstdio>
#include <cstdlib>

#include "trace_decode.h"
#include "trace_decode_bytes.h"

namespace fct {

inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

// Takes the batches of a trace in their order.
class BatchChecker {
 public:
  explicit BatchChecker(size_t cpus) : cpus_(cpus) {}

  void Check(const Batch& batch, const std::vector<EventType>& types) {
    pointers_ += batch.pointers.size();
    strings_ += batch.strings.size();
    Require(batch.counts.size() == types.size(), "a batch has columns for each type");
    CheckRows(batch);
    for (size_t type = 0; type < types.size(); type++) CheckIds(batch, type, types[type].plan);
    for (const Gap& gap : batch.gaps) Require(gap.after <= gap.before, "a gap ends after it began");
  }

 private:
  void CheckRows(const Batch& batch) {
    std::vector<uint32_t> next(batch.counts.size(), 0);
    for (size_t row = 0; row < batch.rows.timestamp.size(); row++) {
      Require(batch.rows.timestamp[row] >= time_, "events are in the order of time");
      Require(batch.rows.cpu[row] < cpus_, "an event is of one of the CPUs");
      Require(batch.rows.type[row] < next.size(), "an event is of one of the types");
      Require(batch.rows.index[row] == next[batch.rows.type[row]]++, "the rows of a type follow each other");
      time_ = batch.rows.timestamp[row];
    }
    Require(next == batch.counts, "each entry of a column belongs to an event");
  }

  void CheckIds(const Batch& batch, size_t type, const EventPlan& plan) const {
    Require(batch.columns[type].size() == plan.fields.size(), "each field has its column");
    for (size_t field = 0; field < plan.fields.size(); field++) {
      const Array<uint8_t>& column = batch.columns[type][field];
      if (!plan.fields[field].is_wanted) {
        Require(column.size() == 0, "a field that is not wanted has no column");
        continue;
      }
      const FieldKind kind = plan.fields[field].kind;
      Require(column.size() >= size_t{batch.counts[type]} * ColumnWidth(kind), "a column has all its rows");
      if (kind != FieldKind::kPointer && kind != FieldKind::kString && kind != FieldKind::kHex) continue;
      const uint64_t known = kind == FieldKind::kPointer ? pointers_ : strings_;
      for (uint32_t row = 0; row < batch.counts[type]; row++)
        Require(Load<uint32_t>(column.data() + row * size_t{4}) < known, "an id has its value by now");
    }
  }

  size_t cpus_;
  uint64_t time_ = 0;
  uint64_t pointers_ = 0;
  uint64_t strings_ = 0;
};

}  // namespace fct

#endif  // FCT_CHECK_BATCH_H
