// Gives each different value a small number, so that the oracle's hot loops compare 32-bit integers
// (facts/tracing.md).
#ifndef FCT_TRACE_DECODE_INTERN_H
#define FCT_TRACE_DECODE_INTERN_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "trace_decode_array.h"

namespace fct {

// Pointers of the traced kernel; id 0 is NULL.
class PointerTable {
 public:
  PointerTable() : slots_(kFirstSlots) { values_.Push(0); }

  // Of `count` values the ids, to `ids`; `value` gives the value of each by its number.
  template <typename Value>
  void InternAll(uint32_t count, uint32_t* ids, Value value) {
    for (uint32_t done = 0; done < count;) {
      done += FindAll(count - done, ids + done, [value, done](uint32_t i) { return value(done + i); });
      if (done < count) ids[done] = Add(value(done));
      done++;
    }
  }

  // Those added since the last call, in the order of their ids.
  Array<uint64_t> TakeNew() {
    Array<uint64_t> added(values_.size() - taken_);
    std::copy(values_.data() + taken_, values_.data() + values_.size(), added.data());
    taken_ = values_.size();
    return added;
  }

 private:
  static constexpr size_t kFirstSlots = 1024;  // always a power of two

  // Up to the first that has no id yet; how many that is. Copies of the members, because `ids` might point to
  // them, as far as the compiler knows.
  template <typename Value>
  uint32_t FindAll(uint32_t count, uint32_t* ids, Value value) const {
    const uint32_t* const slots = slots_.data();
    const uint64_t* const values = values_.data();
    const size_t mask = slots_.size() - 1;
    for (uint32_t i = 0; i < count; i++) {
      const uint64_t wanted = value(i);
      size_t at = Hash(wanted) & mask;
      uint32_t id = slots[at];
      while (values[id] != wanted) {
        if (id == 0) return i;
        at = (at + 1) & mask;
        id = slots[at];
      }
      ids[i] = id;
    }
    return count;
  }

  // Slab objects differ in their middle bits; the product's upper half depends on all of them.
  static size_t Hash(uint64_t value) { return static_cast<size_t>((value * 0x9e3779b97f4a7c15ull) >> 32); }

  uint32_t Add(uint64_t value) {
    const auto id = static_cast<uint32_t>(values_.size());
    values_.Push(value);
    if (values_.size() * 4 > slots_.size()) {
      Rehash();
    } else {
      Place(id);
    }
    return id;
  }

  void Place(uint32_t id) {
    size_t at = Hash(values_[id]);
    while (slots_[at & (slots_.size() - 1)] != 0) at++;
    slots_[at & (slots_.size() - 1)] = id;
  }

  void Rehash() {
    slots_.assign(slots_.size() * 2, 0);
    for (uint32_t id = 1; id < values_.size(); id++) Place(id);
  }

  std::vector<uint32_t> slots_;  // ids; 0 = free
  Array<uint64_t> values_;
  size_t taken_ = 0;
};

// Strings; id 0 is ''.
class StringTable {
 public:
  StringTable() { Intern(""); }

  uint32_t Intern(std::string_view text) {
    const auto known = ids_.find(text);
    if (known != ids_.end()) return known->second;
    const auto id = static_cast<uint32_t>(values_.size());
    values_.emplace_back(text);
    ids_.emplace(values_.back(), id);
    return id;
  }

  // As PointerTable::TakeNew().
  std::vector<std::string> TakeNew() {
    std::vector<std::string> added(values_.begin() + static_cast<std::ptrdiff_t>(taken_), values_.end());
    taken_ = values_.size();
    return added;
  }

 private:
  std::deque<std::string> values_;  // a deque's elements stay where they are: ids_ points into them
  std::unordered_map<std::string_view, uint32_t> ids_;
  size_t taken_ = 0;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_INTERN_H
