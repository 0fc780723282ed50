#include "trace_decode_plan.h"

#include <algorithm>

#include "trace_decode_error.h"

namespace fct {
namespace {

bool Contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

bool IsArray(const std::string& type) { return Contains(type, "["); }

// "char[16]" or "const char[]", but neither "unsigned char[6]", which holds bytes, nor "char *[4]".
bool IsText(const std::string& type) {
  return Contains(type, "char[") && !Contains(type, "unsigned") && !Contains(type, "*");
}

FieldPlace PlaceOf(const FormatField& field) {
  if (field.type.rfind("__data_loc", 0) == 0) return FieldPlace::kDataLoc;
  if (field.type.rfind("__rel_loc", 0) == 0) return FieldPlace::kRelLoc;
  return field.size == 0 ? FieldPlace::kTail : FieldPlace::kFixed;
}

FieldKind IntegerKind(uint32_t size, bool is_signed) {
  switch (size) {
    case 1:
      return is_signed ? FieldKind::kI8 : FieldKind::kU8;
    case 2:
      return is_signed ? FieldKind::kI16 : FieldKind::kU16;
    case 4:
      return is_signed ? FieldKind::kI32 : FieldKind::kU32;
    case 8:
      return is_signed ? FieldKind::kI64 : FieldKind::kU64;
    default:
      return FieldKind::kHex;
  }
}

FieldKind KindOf(const FormatField& field, FieldPlace place, uint32_t long_size) {
  if (IsText(field.type)) return FieldKind::kString;
  if (place != FieldPlace::kFixed || IsArray(field.type)) return FieldKind::kHex;
  if (Contains(field.type, "*") && field.size == long_size) return FieldKind::kPointer;
  return IntegerKind(field.size, field.is_signed);
}

// Arrays are cut off at the record's end (ftrace:kernel_stack writes fewer entries than its format has), the
// rest is not.
uint32_t RequiredBytes(const FieldPlan& field) {
  if (IsDynamic(field.place)) return field.offset + 4;
  const bool is_array = field.kind == FieldKind::kString || field.kind == FieldKind::kHex;
  return is_array ? 0 : field.offset + field.size;
}

FieldPlan CompileField(const FormatField& field, uint32_t long_size) {
  const FieldPlace place = PlaceOf(field);
  return {field.name,      field.type, KindOf(field, place, long_size), place, field.offset, field.size,
          field.is_signed, true};
}

bool HasCommonField(const EventFormat& format, const char* name, uint32_t size, uint32_t* offset) {
  for (const FormatField& field : format.common) {
    if (field.name != name || field.size != size) continue;
    *offset = field.offset;
    return true;
  }
  return false;
}

}  // namespace

const char* NameOf(FieldKind kind) {
  static constexpr const char* kNames[] = {"u8",  "u16", "u32",     "u64",    "i8", "i16",
                                           "i32", "i64", "pointer", "string", "hex"};
  return kNames[static_cast<size_t>(kind)];
}

const char* NameOf(FieldPlace place) {
  static constexpr const char* kNames[] = {"fixed", "tail", "data_loc", "rel_loc"};
  return kNames[static_cast<size_t>(place)];
}

bool IsDynamic(FieldPlace place) { return place == FieldPlace::kDataLoc || place == FieldPlace::kRelLoc; }

uint32_t ColumnWidth(FieldKind kind) {
  static constexpr uint32_t kWidths[] = {1, 2, 4, 8, 1, 2, 4, 8, 4, 4, 4};
  return kWidths[static_cast<size_t>(kind)];
}

EventPlan CompileEventPlan(const EventFormat& format, uint32_t long_size, uint64_t offset) {
  EventPlan plan;
  uint32_t type_offset = 0;
  if (!HasCommonField(format, "common_type", 2, &type_offset) || type_offset != 0 ||
      !HasCommonField(format, "common_pid", 4, &plan.pid_offset)) {
    throw DecodeError("FORMAT", offset, "the event " + format.name + " lacks common_type or common_pid");
  }
  plan.required = plan.pid_offset + 4;
  for (const FormatField& field : format.fields) {
    plan.fields.push_back(CompileField(field, long_size));
    plan.required = std::max(plan.required, RequiredBytes(plan.fields.back()));
  }
  return plan;
}

}  // namespace fct
