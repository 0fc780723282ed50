#include "trace_decode_types.h"

#include <string>

#include "trace_decode_error.h"

namespace fct {

TypeTable::TypeTable(std::vector<EventType> types, uint32_t long_size)
    : long_size_(long_size), types_(std::move(types)), index_of_(UINT16_MAX + 1, kNone) {
  if (!types_.empty()) pid_offset_ = types_.front().plan.pid_offset;
  for (size_t type = 0; type < types_.size(); type++) {
    index_of_[types_[type].format.id] = static_cast<uint16_t>(type);
    columns_.emplace_back(types_[type].plan, long_size_);
  }
}

uint16_t TypeTable::AddUnknown(uint16_t id) {
  if (types_.size() >= kNone) throw DecodeError("LIMIT", 0, "more event types than a trace can have");
  EventType type;
  type.format.id = id;
  type.format.name = "unknown_" + std::to_string(id);
  type.plan.pid_offset = pid_offset_;
  type.plan.required = pid_offset_ + 4;
  columns_.emplace_back(type.plan, long_size_);
  types_.push_back(std::move(type));
  return index_of_[id] = static_cast<uint16_t>(types_.size() - 1);
}

}  // namespace fct
