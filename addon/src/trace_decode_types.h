// The event types of a trace by their number, with those that turn up without having been described.
#ifndef FCT_TRACE_DECODE_TYPES_H
#define FCT_TRACE_DECODE_TYPES_H

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "trace_decode_columns.h"
#include "trace_decode_file.h"

namespace fct {

// Of each event, by `system:name`, the fields that get a column; of no other event any does.
using FieldChoice = std::map<std::string, std::set<std::string>>;

class TypeTable {
 public:
  // Without a choice all fields get one.
  TypeTable(std::vector<EventType> types, uint32_t long_size, const std::optional<FieldChoice>& choice);

  // By id, the number of the type, which is its index + 1, or 0 if it is not known. It stays where it is.
  const uint16_t* numbers() const { return numbers_.data(); }
  // Makes a type, for an id that was not described.
  void AddUnknown(uint16_t id);
  const std::vector<EventType>& types() const { return types_; }
  uint32_t pid_offset() const { return pid_offset_; }
  EventColumns& ColumnsOf(uint16_t type) { return columns_[type]; }

 private:
  uint32_t long_size_;
  uint32_t pid_offset_ = 4;
  std::vector<EventType> types_;
  std::vector<EventColumns> columns_;
  std::vector<uint16_t> numbers_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_TYPES_H
