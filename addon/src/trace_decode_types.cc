#include "trace_decode_types.h"

#include <string>

#include "trace_decode_error.h"

namespace fct {

namespace {

void Choose(const FieldChoice& choice, EventType* type) {
  const auto event = choice.find(type->format.system + ":" + type->format.name);
  for (FieldPlan& field : type->plan.fields) {
    field.is_wanted = event != choice.end() && event->second.count(field.name) > 0;
  }
}

}  // namespace

TypeTable::TypeTable(std::vector<EventType> types, uint32_t long_size,
                     const std::optional<FieldChoice>& choice)
    : long_size_(long_size), types_(std::move(types)), numbers_(UINT16_MAX + 1) {
  if (!types_.empty()) pid_offset_ = types_.front().plan.pid_offset;
  for (size_t type = 0; type < types_.size(); type++) {
    if (choice) Choose(*choice, &types_[type]);
    numbers_[types_[type].format.id] = static_cast<uint16_t>(type + 1);
    columns_.emplace_back(types_[type].plan, long_size_);
  }
}

void TypeTable::AddUnknown(uint16_t id) {
  if (types_.size() >= UINT16_MAX) throw DecodeError("LIMIT", 0, "more event types than a trace can have");
  EventType type;
  type.format.id = id;
  type.format.name = "unknown_" + std::to_string(id);
  type.plan.pid_offset = pid_offset_;
  type.plan.required = pid_offset_ + 4;
  columns_.emplace_back(type.plan, long_size_);
  types_.push_back(std::move(type));
  numbers_[id] = static_cast<uint16_t>(types_.size());
}

}  // namespace fct
