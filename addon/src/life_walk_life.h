// What an event does to the record of its object: Lives in harness/oracle/lives.ts. `facts` are the record's,
// which their caller keeps in a register.
#ifndef FCT_LIFE_WALK_LIFE_H
#define FCT_LIFE_WALK_LIFE_H

#include "life_walk.h"

namespace fct {

constexpr uint32_t kState = kAlive | kFreed | kUnknown | kAllocated;

inline uint32_t Reset(LifeRecord* life, int32_t row) {
  life->since = row;
  life->balance = life->left = life->begin = 0;
  life->unhash = kNever;
  life->free = 0;
  return kOffLru;
}

// Of three facts whose bits follow each other, the one that holds: it is 0, above, or below.
inline uint32_t FactOfSign(int32_t value, uint32_t zero) {
  const uint32_t sign = value > 0 ? zero << 1 : zero << 2;
  return value == 0 ? zero : sign;
}

inline uint32_t Move(uint32_t facts, LifeRecord* life, int32_t by) {
  life->balance += by;
  return (facts & ~kBalances) | FactOfSign(life->balance, kOffLru);
}

inline uint32_t AddUsers(uint32_t facts, const WalkOperation& operation) {
  return facts + ((facts & kInUse) != operation.users_limit ? operation.users : 0);
}

// An object of which nothing was seen, or nothing but its alloc.
inline uint32_t Meet(uint32_t facts, bool is_alloc, int32_t* begun) {
  if ((facts & kState) == 0) facts |= kUnknown;
  if ((facts & kAllocated) == 0 || is_alloc) return facts;
  ++*begun;
  return (facts & ~kAllocated) | kAlive;
}

// A life begins.
inline uint32_t Begin(uint32_t facts, LifeRecord* life, bool is_hashed, int32_t row) {
  constexpr uint32_t kFreedAndEarly = kFreed | kUnhashedEarly;
  const bool was_unhashed = (facts & kFreedAndEarly) == kFreedAndEarly && !is_hashed;
  facts = Reset(life, row) | kTracked | (was_unhashed ? kUnhashed : 0);
  life->begin = row;
  return facts;
}

// A life ends.
inline uint32_t End(uint32_t facts, LifeRecord* life, bool is_pending, int32_t row) {
  if ((facts & kAlive) == 0) {
    if (is_pending) facts = Reset(life, row);
    if ((facts & kUnhashedEarly) != 0) facts = (facts & ~kUnhashedEarly) | kUnhashed;
  }
  life->free = row;
  return (facts & ~kState) | kFreed;
}

inline uint32_t Unhash(uint32_t facts, LifeRecord* life, int32_t row) {
  constexpr uint32_t kGone = kFreed | kUnhashed;
  if ((facts & kAlive) != 0) life->unhash = row;
  const bool is_early = (facts & kUnknown) != 0 || (facts & kGone) == kGone;
  return facts | (is_early ? kUnhashedEarly : kUnhashed);
}

}  // namespace fct

#endif  // FCT_LIFE_WALK_LIFE_H
