// What an event does to the record of its task: Tasks in harness/oracle/tasks.ts.
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

inline void Acquire(TaskRecord* task, int32_t* held, int32_t nf, bool is_gc) {
  if (nf == 0) {
    if (task->taken > 0) Hold(task, held, task->taken);
    if (task->taken == kTookAllowance) task->spent--;
  } else if (is_gc) {
    Hold(task, held, nf);
  }
  task->doubtful = 0;
  task->retries = 0;
  task->taken = kTookNothing;
  task->facts &= ~(kPutInDoubt | kRetried | kManyRetries);
}

inline void Put(TaskRecord* task, int32_t* held, int32_t nf, int32_t row, bool is_of_held) {
  task->facts &= ~kPutInDoubt;
  task->doubtful = 0;
  task->taken = kTookNothing;
  if (!is_of_held) return;
  const bool is_held = LetGo(task, held, nf);
  if (!is_held && task->spent == kUnseenHolds) {
    task->doubtful = row;
    task->facts |= kPutInDoubt;
    return;
  }
  task->taken = is_held ? nf : kTookAllowance;
  if (!is_held) task->spent++;
}

inline void Retry(TaskRecord* task) {
  task->retries++;
  task->facts &= ~kManyRetries;
  task->facts |= kRetried | (task->retries == kManyInARow - 1 ? kManyRetries : 0);
}

// The task did `key` again, or something else.
inline void Repeat(TaskRecord* task, uint32_t key) {
  task->repeats = task->key == key ? task->repeats + 1 : 0;
  task->facts &= ~kManyTurns;
  task->facts |= task->repeats + 1 == kManyInARow - 1 ? kManyTurns : 0;
}

// The task goes on to something else than what it did last.
inline void Leave(const TaskRecord& task, LifeRecord* lives, int32_t row) {
  if ((task.facts & kHandles) == 0) return;
  LifeRecord& last = lives[task.key >> kOperationBits];
  if (task.key_row >= last.since) last.left = row;
}

inline void Conclude(TaskRecord* task, uint32_t effect, uint32_t key, int32_t row) {
  if ((effect & kConstructs) != 0) task->taken = kTookNothing;
  if ((effect & kSettles) != 0) task->settled = row;
  task->key = key;
  task->key_row = task->row = row;
  constexpr uint32_t kMoods = kHandles | kMayList;
  task->facts = (task->facts & ~kMoods) | ((effect >> kTaskShift) & kMoods);
}

}  // namespace fct

#endif  // FCT_LIFE_WALK_TASK_H
