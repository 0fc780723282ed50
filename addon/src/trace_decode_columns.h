// The events of one type as struct of arrays, one column a field.
#ifndef FCT_TRACE_DECODE_COLUMNS_H
#define FCT_TRACE_DECODE_COLUMNS_H

#include <cstdint>
#include <string>
#include <vector>

#include "trace_decode_array.h"
#include "trace_decode_intern.h"
#include "trace_decode_page.h"
#include "trace_decode_plan.h"

namespace fct {

// What all types of a trace share.
struct Interned {
  PointerTable pointers;
  StringTable strings;
};

// An event's data.
struct RecordData {
  const uint8_t* data;
  uint32_t length;
};

class EventColumns {
 public:
  EventColumns(const EventPlan& plan, uint32_t long_size);

  // Takes records of at least plan.required bytes apart, field by field, into new rows of the columns.
  // Throws FieldError if a field, wanted or not, points out of its record; the columns are of no use
  // afterwards.
  void Append(const RecordData* records, uint32_t count, Interned* interned);

  // Rows.
  uint32_t count() const { return count_; }
  // Entries of ColumnWidth(kind) bytes, count() of them, in the plan's order; nothing for a field that is not
  // wanted. There are no rows afterwards.
  std::vector<Array<uint8_t>> Take();

 private:
  struct Span {
    const RecordData* begin;
    const RecordData* end;
  };

  struct Range {
    uint32_t begin;
    uint32_t length;
  };

  void Reserve(size_t rows);
  void Store(size_t column, const Span& records, Interned* interned);
  void InternPointers(const FieldPlan& field, const Span& records, uint32_t* ids, Interned* interned) const;
  void CheckRanges(const FieldPlan& field, const Span& records) const;
  Range RangeOf(const FieldPlan& field, const RecordData& record) const;
  uint32_t InternText(const FieldPlan& field, const RecordData& record, Interned* interned);

  std::vector<FieldPlan> fields_;
  std::vector<size_t> looked_at_;  // those of an event's fields that are stored or may point out of it
  uint32_t long_size_;
  uint32_t count_ = 0;
  size_t capacity_ = 0;
  size_t expected_ = 64;  // rows, after those that were taken last
  std::vector<Array<uint8_t>> columns_;
  std::string hex_;  // scratch
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_COLUMNS_H
