// The event types of a trace by their number, with those that turn up without having been described.
#ifndef FCT_TRACE_DECODE_TYPES_H
#define FCT_TRACE_DECODE_TYPES_H

#include <cstdint>
#include <vector>

#include "trace_decode_columns.h"
#include "trace_decode_file.h"

namespace fct {

class TypeTable {
 public:
  TypeTable(std::vector<EventType> types, uint32_t long_size);

  // Index of the type with this id; made if it was not described.
  uint16_t IndexOf(uint16_t id) {
    const uint16_t known = index_of_[id];
    return known != kNone ? known : AddUnknown(id);
  }
  const std::vector<EventType>& types() const { return types_; }
  uint32_t pid_offset() const { return pid_offset_; }
  EventColumns& ColumnsOf(uint16_t type) { return columns_[type]; }

 private:
  static constexpr uint16_t kNone = UINT16_MAX;

  uint16_t AddUnknown(uint16_t id);

  uint32_t long_size_;
  uint32_t pid_offset_ = 4;
  std::vector<EventType> types_;
  std::vector<EventColumns> columns_;
  std::vector<uint16_t> index_of_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_TYPES_H
