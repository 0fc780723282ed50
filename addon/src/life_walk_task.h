// What an event does to the record of its task: Tasks in harness/oracle/tasks.ts. `facts` are the record's,
// which their caller keeps in a register.
#ifndef FCT_LIFE_WALK_TASK_H
#define FCT_LIFE_WALK_TASK_H

#include <cstring>

#include "life_walk.h"

namespace fct {

inline void Hold(TaskRecord* task, int32_t* held, int32_t nf) {
  int32_t count = task->held;
  if (count == kMostHeld) {
    std::memmove(held + 1, held + 2, sizeof(int32_t) * static_cast<size_t>(kMostHeld - 1));
    count--;
  }
  held[count + 1] = nf;
  task->held = count + 1;
}

// False if the task does not hold it.
inline bool LetGo(TaskRecord* task, int32_t* held, int32_t nf) {
  const int32_t last = task->held;
  int32_t at = last;
  while (at >= 1 && held[at] != nf) at--;
  if (at < 1) return false;
  if (at < last) std::memmove(held + at, held + at + 1, sizeof(int32_t) * static_cast<size_t>(last - at));
  task->held = last - 1;
  return true;
}

// What the last put took turns out to be a reference of the lookup, not one held.
inline void GiveBack(TaskRecord* task, int32_t* held) {
  if (task->taken > 0) Hold(task, held, task->taken);
  if (task->taken == kTookAllowance) task->spent--;
}

inline uint32_t PutAnother(uint32_t facts, TaskRecord* task, int32_t* held, int32_t nf, int32_t row,
                           bool is_of_held) {
  task->taken = kTookNothing;
  if (!is_of_held) return facts;
  const bool is_held = LetGo(task, held, nf);
  if (!is_held && task->spent == kUnseenHolds) {
    task->doubtful = row;
    return facts | kPutInDoubt;
  }
  task->taken = is_held ? nf : kTookAllowance;
  if (!is_held) task->spent++;
  return facts;
}

// Where not the last of those held is put, or there is no object, or no room.
__attribute__((noinline, cold)) inline uint32_t SettleOtherwise(uint32_t facts, TaskRecord* task,
                                                                int32_t* held, const Event& event,
                                                                bool is_of_held) {
  const auto nf = static_cast<int32_t>(event.nf);
  if (event.operation.settlement.is_put != 0) return PutAnother(facts, task, held, nf, event.row, is_of_held);
  if (nf == 0)
    GiveBack(task, held);
  else if (is_of_held)
    Hold(task, held, nf);
  task->taken = kTookNothing;
  return facts;
}

// GC objects only their tasks put that have acquired them; but behind an nfsd_file_cons_err it is a reference
// of the lookup.
inline uint32_t Settle(uint32_t facts, TaskRecord* task, int32_t* held, const Event& event, bool is_gc) {
  const Settlement& settlement = event.operation.settlement;
  const auto nf = static_cast<int32_t>(event.nf);
  const bool is_of_lookup = task->key == event.key_of(kConsErr);
  const int32_t is_of_held = (is_gc ? 1 : 0) & ((is_of_lookup ? 0 : 1) | (settlement.is_put + 1));
  const int32_t count = task->held;
  facts &= settlement.task_facts;
  task->retries &= settlement.keeps_retries;
  const int32_t differs = (held[count] ^ nf) & settlement.is_put & -is_of_held;
  if (__builtin_expect(differs != 0 || count == kMostHeld || nf == 0, 0))
    return SettleOtherwise(facts, task, held, event, is_of_held != 0);
  held[count + 1] = nf;  // of no account if it is not held
  task->held = count + (settlement.held & -is_of_held);
  task->taken = nf & settlement.is_put & -is_of_held;
  return facts;
}

inline uint32_t Retry(uint32_t facts, TaskRecord* task) {
  task->taken = kTookNothing;
  task->retries++;
  return (facts & ~kManyTurns) | (task->retries == kManyInARow - 1 ? kManyTurns : 0);
}

}  // namespace fct

#endif  // FCT_LIFE_WALK_TASK_H
