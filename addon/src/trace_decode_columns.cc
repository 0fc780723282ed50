#include "trace_decode_columns.h"

#include <algorithm>
#include <utility>

#include "trace_decode_bytes.h"
#include "trace_decode_error.h"

namespace fct {
namespace {

void AppendHex(const uint8_t* bytes, uint32_t length, std::string* text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (uint32_t i = 0; i < length; i++) {
    text->push_back(kDigits[bytes[i] >> 4]);
    text->push_back(kDigits[bytes[i] & 15]);
  }
}

std::string_view TextUpToNul(const uint8_t* bytes, uint32_t length) {
  const char* text = reinterpret_cast<const char*>(bytes);
  return {text, strnlen(text, length)};
}

// Puts what `value` says of each record into the rows from `row` on.
template <typename T, typename Span, typename Value>
void Fill(Array<uint8_t>* column, size_t row, const Span& records, Value value) {
  uint8_t* into = column->data() + row * sizeof(T);
  for (const RecordData* record = records.begin; record != records.end; record++) {
    const T entry = value(*record);
    std::memcpy(into, &entry, sizeof(T));
    into += sizeof(T);
  }
}

template <typename T, typename Span>
void Copy(Array<uint8_t>* column, size_t row, const Span& records, uint32_t offset) {
  Fill<T>(column, row, records, [offset](const RecordData& record) { return Load<T>(record.data + offset); });
}

}  // namespace

EventColumns::EventColumns(const EventPlan& plan, uint32_t long_size)
    : fields_(plan.fields), long_size_(long_size), columns_(plan.fields.size()) {
  for (size_t column = 0; column < fields_.size(); column++) {
    if (fields_[column].is_wanted || IsDynamic(fields_[column].place)) looked_at_.push_back(column);
  }
}

void EventColumns::Append(const RecordData* records, uint32_t count, Interned* interned) {
  Reserve(size_t{count_} + count);
  const Span span = {records, records + count};
  for (const size_t column : looked_at_) {
    if (fields_[column].is_wanted) {
      Store(column, span, interned);
    } else {
      CheckRanges(fields_[column], span);
    }
  }
  count_ += count;
}

std::vector<Array<uint8_t>> EventColumns::Take() {
  expected_ = std::max<size_t>(64, count_ + count_ / 8);
  count_ = 0;
  capacity_ = 0;
  return std::exchange(columns_, std::vector<Array<uint8_t>>(fields_.size()));
}

void EventColumns::Reserve(size_t rows) {
  if (rows <= capacity_) return;
  capacity_ = std::max({expected_, rows, capacity_ * 2});
  for (const size_t column : looked_at_) {
    const FieldPlan& field = fields_[column];
    if (field.is_wanted) columns_[column].Resize(capacity_ * ColumnWidth(field.kind));
  }
}

void EventColumns::Store(size_t column, const Span& records, Interned* interned) {
  const FieldPlan& field = fields_[column];
  Array<uint8_t>* into = &columns_[column];
  switch (field.kind) {
    case FieldKind::kU8:
    case FieldKind::kI8:
      return Copy<uint8_t>(into, count_, records, field.offset);
    case FieldKind::kU16:
    case FieldKind::kI16:
      return Copy<uint16_t>(into, count_, records, field.offset);
    case FieldKind::kU32:
    case FieldKind::kI32:
      return Copy<uint32_t>(into, count_, records, field.offset);
    case FieldKind::kU64:
    case FieldKind::kI64:
      return Copy<uint64_t>(into, count_, records, field.offset);
    case FieldKind::kPointer:
      return InternPointers(field, records, reinterpret_cast<uint32_t*>(into->data()) + count_, interned);
    case FieldKind::kString:
    case FieldKind::kHex:
      return Fill<uint32_t>(into, count_, records,
                            [&](const auto& r) { return InternText(field, r, interned); });
  }
}

void EventColumns::InternPointers(const FieldPlan& field, const Span& records, uint32_t* ids,
                                  Interned* interned) const {
  const auto count = static_cast<uint32_t>(records.end - records.begin);
  const auto intern = [&](auto load) {
    interned->pointers.InternAll(count, ids,
                                 [begin = records.begin, offset = field.offset, load](uint32_t i) {
                                   return load(begin[i].data + offset);
                                 });
  };
  // The size is asked once, not for each value.
  if (long_size_ == 4) {
    intern([](const uint8_t* at) -> uint64_t { return Load<uint32_t>(at); });
  } else {
    intern([](const uint8_t* at) { return Load<uint64_t>(at); });
  }
}

void EventColumns::CheckRanges(const FieldPlan& field, const Span& records) const {
  for (const RecordData* record = records.begin; record != records.end; record++) RangeOf(field, *record);
}

EventColumns::Range EventColumns::RangeOf(const FieldPlan& field, const RecordData& record) const {
  if (field.place == FieldPlace::kFixed || field.place == FieldPlace::kTail) {
    const uint32_t begin = std::min(field.offset, record.length);
    const uint32_t rest = record.length - begin;
    return {begin, field.place == FieldPlace::kTail ? rest : std::min(field.size, rest)};
  }
  const uint32_t word = Load<uint32_t>(record.data + field.offset);
  const uint32_t base = field.place == FieldPlace::kRelLoc ? field.offset + 4 : 0;
  const Range range = {base + (word & 0xffff), word >> 16};
  if (uint64_t{range.begin} + range.length > record.length) {
    throw FieldError(record.data + field.offset, "the field " + field.name + " points out of its event");
  }
  return range;
}

uint32_t EventColumns::InternText(const FieldPlan& field, const RecordData& record, Interned* interned) {
  const Range range = RangeOf(field, record);
  const uint8_t* bytes = record.data + range.begin;
  if (field.kind == FieldKind::kString) return interned->strings.Intern(TextUpToNul(bytes, range.length));
  hex_.clear();
  AppendHex(bytes, range.length, &hex_);
  return interned->strings.Intern(hex_);
}

}  // namespace fct
