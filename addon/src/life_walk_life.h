// What an event does to the record of its object: Lives in harness/oracle/lives.ts.
#ifndef FCT_LIFE_WALK_LIFE_H
#define FCT_LIFE_WALK_LIFE_H

#include "life_walk.h"

namespace fct {

constexpr uint32_t kState = kAlive | kFreed | kUnknown | kAllocated;

inline void Reset(LifeRecord* life, int32_t row) {
  life->facts = kMet;
  life->since = row;
  life->balance = life->left = life->begin = 0;
  life->unhash = kNever;
  life->free = 0;
}

// Of three facts whose bits follow each other, the one that holds.
inline uint32_t FactOfSign(int32_t value, uint32_t zero) {
  return zero << ((value > 0 ? 1 : 0) + (value < 0 ? 2 : 0));
}

inline void Begin(LifeRecord* life, uint32_t flags, int32_t row, const WalkTables& tables, int32_t* begun) {
  constexpr uint32_t kFreedAndEarly = kFreed | kUnhashedEarly;
  const bool was_unhashed = (life->facts & kFreedAndEarly) == kFreedAndEarly && (flags & tables.hashed) == 0;
  Reset(life, row);
  life->facts = kMet | tables.at_alloc | kTracked | (was_unhashed ? kUnhashed : 0);
  life->begin = row;
  if (tables.at_alloc == kAlive) ++*begun;
}

inline void End(LifeRecord* life, uint32_t flags, int32_t row, uint32_t pending, int32_t* ended) {
  if ((life->facts & kAlive) != 0) {
    ++*ended;
  } else {
    if ((flags & pending) != 0) Reset(life, row);
    if ((life->facts & kUnhashedEarly) != 0) life->facts = (life->facts & ~kUnhashedEarly) | kUnhashed;
  }
  life->facts = (life->facts & ~kState) | kFreed;
  life->free = row;
}

inline void Unhash(LifeRecord* life, int32_t row) {
  constexpr uint32_t kGone = kFreed | kUnhashed;
  if ((life->facts & kAlive) != 0) life->unhash = row;
  const bool is_early = (life->facts & kUnknown) != 0 || (life->facts & kGone) == kGone;
  life->facts |= is_early ? kUnhashedEarly : kUnhashed;
}

// An object of which nothing was seen, or nothing but its alloc.
inline void Meet(LifeRecord* life, uint8_t operation, int32_t* begun) {
  if ((life->facts & kState) == 0) life->facts |= kUnknown;
  if ((life->facts & kAllocated) == 0 || operation == kAlloc) return;
  life->facts = (life->facts & ~kAllocated) | kAlive;
  ++*begun;
}

}  // namespace fct

#endif  // FCT_LIFE_WALK_LIFE_H
