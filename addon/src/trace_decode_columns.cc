#include "trace_decode_columns.h"

#include <algorithm>

#include "trace_decode_error.h"

namespace fct {
namespace {

constexpr uint32_t kMostRows = UINT32_MAX - 1;

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

template <typename T>
void StoreAt(Array<uint8_t>* column, uint32_t row, T value) {
  std::memcpy(column->data() + size_t{row} * sizeof(T), &value, sizeof(T));
}

}  // namespace

EventColumns::EventColumns(const EventPlan& plan, uint32_t long_size)
    : fields_(plan.fields), required_(plan.required), long_size_(long_size), columns_(plan.fields.size()) {}

uint32_t EventColumns::Append(const Record& record, uint64_t offset, Interned* interned) {
  if (record.length < required_) throw DecodeError("FIELD", offset, "an event is shorter than its fields");
  if (count_ == capacity_) Grow();
  for (size_t column = 0; column < fields_.size(); column++) Store(column, record, offset, interned);
  return count_++;
}

void EventColumns::Grow() {
  if (capacity_ > kMostRows / 2) throw DecodeError("LIMIT", 0, "more than 2^32 events of one type");
  capacity_ = std::max(64u, capacity_ * 2);
  for (size_t column = 0; column < fields_.size(); column++) {
    columns_[column].Resize(size_t{capacity_} * ColumnWidth(fields_[column].kind));
  }
}

void EventColumns::Store(size_t column, const Record& record, uint64_t offset, Interned* interned) {
  const FieldPlan& field = fields_[column];
  Array<uint8_t>* into = &columns_[column];
  const uint8_t* from = record.data + field.offset;
  switch (field.kind) {
    case FieldKind::kU8:
    case FieldKind::kI8:
      return StoreAt(into, count_, *from);
    case FieldKind::kU16:
    case FieldKind::kI16:
      return StoreAt(into, count_, Load<uint16_t>(from));
    case FieldKind::kU32:
    case FieldKind::kI32:
      return StoreAt(into, count_, Load<uint32_t>(from));
    case FieldKind::kU64:
    case FieldKind::kI64:
      return StoreAt(into, count_, Load<uint64_t>(from));
    case FieldKind::kPointer:
      return StoreAt(into, count_, interned->pointers.Intern(LoadLong(from, long_size_)));
    case FieldKind::kString:
    case FieldKind::kHex:
      return StoreAt(into, count_, InternText(field, record, offset, interned));
  }
}

EventColumns::Range EventColumns::RangeOf(const FieldPlan& field, const Record& record,
                                          uint64_t offset) const {
  if (field.place == FieldPlace::kFixed || field.place == FieldPlace::kTail) {
    const uint32_t begin = std::min(field.offset, record.length);
    const uint32_t rest = record.length - begin;
    return {begin, field.place == FieldPlace::kTail ? rest : std::min(field.size, rest)};
  }
  const uint32_t word = Load<uint32_t>(record.data + field.offset);
  const uint32_t base = field.place == FieldPlace::kRelLoc ? field.offset + 4 : 0;
  const Range range = {base + (word & 0xffff), word >> 16};
  if (uint64_t{range.begin} + range.length > record.length) {
    throw DecodeError("FIELD", offset + field.offset, "the field " + field.name + " points out of its event");
  }
  return range;
}

uint32_t EventColumns::InternText(const FieldPlan& field, const Record& record, uint64_t offset,
                                  Interned* interned) {
  const Range range = RangeOf(field, record, offset);
  const uint8_t* bytes = record.data + range.begin;
  if (field.kind == FieldKind::kString) return interned->strings.Intern(TextUpToNul(bytes, range.length));
  hex_.clear();
  AppendHex(bytes, range.length, &hex_);
  return interned->strings.Intern(hex_);
}

}  // namespace fct
