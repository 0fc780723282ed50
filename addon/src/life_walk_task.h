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

inline uint32_t Acquire(uint32_t facts, TaskRecord* task, int32_t* held, int32_t nf, bool is_gc) {
  if (nf == 0) {
    if (task->taken > 0) Hold(task, held, task->taken);
    if (task->taken == kTookAllowance) task->spent--;
  } else if (is_gc) {
    Hold(task, held, nf);
  }
  task->doubtful = 0;
  task->retries = 0;
  task->taken = kTookNothing;
  return facts & ~(kPutInDoubt | kManyRetries);
}

// is_of_held: of what only tasks put that have acquired it.
inline uint32_t Put(uint32_t facts, TaskRecord* task, int32_t* held, int32_t nf, int32_t row,
                    bool is_of_held) {
  task->doubtful = 0;
  task->taken = kTookNothing;
  if (!is_of_held) return facts & ~kPutInDoubt;
  const bool is_held = LetGo(task, held, nf);
  if (!is_held && task->spent == kUnseenHolds) {
    task->doubtful = row;
    return facts | kPutInDoubt;
  }
  task->taken = is_held ? nf : kTookAllowance;
  if (!is_held) task->spent++;
  return facts & ~kPutInDoubt;
}

inline uint32_t Retry(uint32_t facts, TaskRecord* task) {
  task->taken = kTookNothing;
  task->retries++;
  return (facts & ~kManyRetries) | (task->retries == kManyInARow - 1 ? kManyRetries : 0);
}

}  // namespace fct

#endif  // FCT_LIFE_WALK_TASK_H
