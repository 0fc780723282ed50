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

// What the last put took turns out to be a reference of the lookup, not one held.
inline void GiveBack(TaskRecord* task, int32_t* held) {
  if (task->taken > 0) Hold(task, held, task->taken);
  if (task->taken == kTookAllowance) task->spent--;
}

inline void PutAnother(TaskRecord* task, int32_t* held, int32_t nf, int32_t row) {
  const bool is_held = LetGo(task, held, nf);
  if (!is_held && task->spent == kUnseenHolds) {
    task->doubtful = row;
    task->facts |= kPutInDoubt;
    return;
  }
  task->taken = is_held ? nf : kTookAllowance;
  if (!is_held) task->spent++;
}

// Where not the last of those held is put, or there is no object, or no room.
// is_of_held: GC objects only their tasks put that have acquired them.
__attribute__((noinline, cold)) inline void SettleOtherwise(TaskRecord* task, int32_t* held, int32_t nf,
                                                            int32_t row, bool is_put, bool is_of_held) {
  if (!is_put && nf == 0) GiveBack(task, held);
  task->room = kMostHeld;
  task->taken = kTookNothing;
  if (is_put && is_of_held) PutAnother(task, held, nf, row);
  if (!is_put && is_of_held && nf != 0) Hold(task, held, nf);
}

// What an nfsd_file_acquire or nfsd_file_put does to what the task holds.
// differs: in what its key differs from that of what the task did before.
// kIsPlain: there is an object.
template <bool kIsPlain>
inline void Settle(TaskRecord* task, int32_t* held, const Event& event, uint32_t differs, bool is_gc) {
  const uint32_t is_put = event.operation.is_put;
  task->retries &= static_cast<int32_t>(is_put);
  const bool has_none = !kIsPlain && event.nf == 0;
  if (!is_gc && !has_none) {
    task->taken = kTookNothing;
    return;
  }
  const auto count = static_cast<uint32_t>(task->held);
  const bool is_other = ((static_cast<uint32_t>(held[count]) ^ event.nf) & is_put) != 0;
  if (__builtin_expect(is_other, 0) || __builtin_expect(task->held == task->room, 0) || has_none) {
    // Behind an nfsd_file_cons_err what is put is a reference of the lookup.
    const bool is_of_lookup = is_put != 0 && differs == (kConsErr ^ kPut);
    SettleOtherwise(task, held, static_cast<int32_t>(event.nf), event.row, is_put != 0,
                    is_gc && !is_of_lookup);
    return;
  }
  held[count + 1] = static_cast<int32_t>(event.nf);  // of no account if it is not held
  task->held = static_cast<int32_t>(count + (is_put | 1));
  task->taken = static_cast<int32_t>(event.nf & is_put);
}

inline void Retry(TaskRecord* task) {
  task->taken = kTookNothing;
  task->room = task->held;  // it is to be looked at closer what is settled next
  task->retries++;
  task->facts = (task->facts & ~kManyTurns) | (task->retries == kManyInARow - 1 ? kManyTurns : 0);
}

}  // namespace fct

#endif  // FCT_LIFE_WALK_TASK_H
