// Compiles an event's format once into what is to be done with each of its fields.
#ifndef FCT_TRACE_DECODE_PLAN_H
#define FCT_TRACE_DECODE_PLAN_H

#include <cstdint>
#include <string>
#include <vector>

#include "trace_decode_format.h"

namespace fct {

// What a field's column holds. Integers are kept at their own width; the others as 32-bit ids.
enum class FieldKind : uint8_t {
  kU8,
  kU16,
  kU32,
  kU64,
  kI8,
  kI16,
  kI32,
  kI64,
  kPointer,  // id into the trace's pointers: anything declared with a '*' at the size of a long
  kString,   // id into the trace's strings: arrays of char, up to the first NUL
  kHex,      // id into the trace's strings: any other array or structure, two digits a byte
};

// Where a field's bytes are.
enum class FieldPlace : uint8_t {
  kFixed,    // offset and size of the format
  kTail,     // an array of size 0 in the format: from the offset to the record's end
  kDataLoc,  // a u32 at the offset: position from the record's begin | length << 16
  kRelLoc,   // the same, but the position counts from behind that u32
};

struct FieldPlan {
  std::string name;
  std::string type;
  FieldKind kind = FieldKind::kHex;
  FieldPlace place = FieldPlace::kFixed;
  uint32_t offset = 0;
  uint32_t size = 0;
  bool is_signed = false;
  bool is_wanted = true;  // false: it gets no column
};

struct EventPlan {
  std::vector<FieldPlan> fields;  // without the common_* ones
  uint32_t pid_offset = 0;        // of the int common_pid
  // Bytes that a record must have for all integers, pointers and __data_loc words to be inside it.
  uint32_t required = 0;
};

const char* NameOf(FieldKind kind);
const char* NameOf(FieldPlace place);
// A field that says itself where its bytes are.
bool IsDynamic(FieldPlace place);
// Bytes of one entry of the column: 1, 2, 4 or 8.
uint32_t ColumnWidth(FieldKind kind);

// Throws DecodeError FORMAT if the common fields are not where every event has them.
EventPlan CompileEventPlan(const EventFormat& format, uint32_t long_size, uint64_t offset);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_PLAN_H
