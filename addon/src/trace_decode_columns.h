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

class EventColumns {
 public:
  EventColumns(const EventPlan& plan, uint32_t long_size);

  // Takes one record apart; `offset` is where it stands in the file. Returns its row in the columns.
  // Throws DecodeError FIELD if a field points out of the record; the columns are of no use afterwards.
  uint32_t Append(const Record& record, uint64_t offset, Interned* interned);

  uint32_t count() const { return count_; }
  // Entries of ColumnWidth(kind) bytes, count() of them, in the plan's order.
  std::vector<Array<uint8_t>> Take() { return std::move(columns_); }

 private:
  struct Range {
    uint32_t begin;
    uint32_t length;
  };

  void Grow();
  void Store(size_t column, const Record& record, uint64_t offset, Interned* interned);
  Range RangeOf(const FieldPlan& field, const Record& record, uint64_t offset) const;
  uint32_t InternText(const FieldPlan& field, const Record& record, uint64_t offset, Interned* interned);

  std::vector<FieldPlan> fields_;
  uint32_t required_;
  uint32_t long_size_;
  uint32_t count_ = 0;
  uint32_t capacity_ = 0;
  std::vector<Array<uint8_t>> columns_;
  std::string hex_;  // scratch
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_COLUMNS_H
