// An event of a file: whether somebody has to look at it first, and what it does to all records.
#ifndef FCT_LIFE_WALK_EVENT_H
#define FCT_LIFE_WALK_EVENT_H

#include <algorithm>

#include "life_walk.h"
#include "life_walk_call.h"
#include "life_walk_life.h"
#include "life_walk_task.h"

// The loop's parts are functions for people; a call would cost as much as what they do.
#define FCT_INLINE inline __attribute__((always_inline))

namespace fct {

// What a call of Run() goes by: locals of it, so that what is written to records does not touch them.
struct Walk {
  const WalkTables& tables;
  WalkRows rows;
  WalkRecords records;
  int32_t begun = 0;
  int32_t ended = 0;
};

// An event of a file.
struct Event {
  size_t at;  // in the columns
  int32_t row;
  const WalkOperation& operation;
  uint32_t nf;
  uint32_t flags;

  uint32_t key(uint32_t code) const { return (nf << kOperationBits) | code; }
};

enum class Step { kGoesOn, kStops, kFails };

// Null if it is not among those near.
FCT_INLINE TaskRecord* FindTask(const Walk& walk, int32_t pid) {
  const int32_t word = walk.records.near[static_cast<uint32_t>(pid) & (kNearPids - 1)];
  auto* const task = reinterpret_cast<TaskRecord*>(reinterpret_cast<int32_t*>(walk.records.tasks) + word);
  return task->pid == pid ? task : nullptr;
}

// Below 0 if the object has begun before the last close of its inode, and has the flags that the operation
// wants of such. Three conditions in one sign: each for itself is as good as random.
FCT_INLINE int32_t OutlivedClose(const Walk& walk, const Event& event, const LifeRecord& life) {
  const int32_t close_begin = walk.records.lives[walk.rows.inode[event.at]].close_begin;
  const uint32_t wanted = event.operation.outlived_flags;
  const uint32_t is_alive = life.facts << 31;
  const uint32_t has_wanted = ((event.flags & wanted) ^ wanted) - 1;
  return (life.begin - close_begin) & static_cast<int32_t>(is_alive & has_wanted);
}

// A rule might find something.
FCT_INLINE bool IsSuspicious(const Walk& walk, const Event& event, const LifeRecord& life,
                             const TaskRecord& task) {
  const WalkOperation& operation = event.operation;
  const auto count = static_cast<uint32_t>(walk.rows.ref[event.at]);
  if (((life.facts | task.facts) & operation.alarm) != 0) return true;
  if (count - operation.least_count > operation.count_span) return true;
  if (operation.unhashed_before != 0 && life.unhash < task.row) return true;
  if (operation.settled_since != 0 && life.unhash < task.settled) return true;
  if (task.repeats == kManyInARow - 2) return true;
  return OutlivedClose(walk, event, life) < 0;
}

// An nfsd_file_lru_add that belongs to the object's present life.
FCT_INLINE bool OwnsLruAdd(const Walk& walk, const Event& event, const LifeRecord& life,
                           const TaskRecord& task) {
  const bool is_with_it =
      (task.facts & kMayList) != 0 && task.key >> kOperationBits == event.nf && task.key_row >= life.since;
  return walk.tables.adders_hold || is_with_it;
}

FCT_INLINE CallRecord* CallOf(const Walk& walk, const TaskRecord& task) {
  return task.caller == 0 ? nullptr : walk.records.calls + task.caller - 1;
}

FCT_INLINE int32_t* HeldBy(const Walk& walk, const TaskRecord* task) {
  return walk.records.held + (task - walk.records.tasks) * kHeldWords;
}

// Facts of an object and of a task.
struct Facts {
  uint32_t life;
  uint32_t task;
};

// What the operation does to its object and its task, and to their facts.
template <uint8_t kCode>
FCT_INLINE Facts Operate(Walk* walk, const Event& event, LifeRecord* life, TaskRecord* task, Facts facts) {
  const WalkTables& tables = walk->tables;
  const bool is_gc = (event.flags & tables.gc) != 0;
  const auto nf = static_cast<int32_t>(event.nf);
  switch (kCode) {
    case kAcquire:
      facts.life = AddUser(facts.life);
      facts.task = Acquire(facts.task, task, HeldBy(*walk, task), nf, is_gc);
      task->settled = event.row;
      break;
    case kPut: {
      const bool is_of_held = is_gc && task->key != event.key(kConsErr);
      facts.life = TakeUser(facts.life);
      facts.task = Put(facts.task, task, HeldBy(*walk, task), nf, event.row, is_of_held);
      task->settled = event.row;
      break;
    }
    case kAlloc:
      facts.life = Begin(facts.life, life, (event.flags & tables.hashed) != 0, event.row) | tables.at_alloc;
      walk->begun += tables.at_alloc == kAlive ? 1 : 0;
      task->taken = kTookNothing;
      break;
    case kOpen:
    case kOpened:
      task->taken = kTookNothing;
      break;
    case kConsErr:
      facts.task = Retry(facts.task, task);
      break;
    case kFree:
      walk->ended += (facts.life & kAlive) != 0 ? 1 : 0;
      facts.life = End(facts.life, life, (event.flags & tables.pending) != 0, event.row);
      if (CallRecord* const call = CallOf(*walk, *task))
        FreeIn(call, event.nf, walk->rows.file[event.at], event.row);
      break;
    case kUnhash:
      facts.life = Unhash(facts.life, life, event.row);
      break;
    case kLruAdd:
      if (OwnsLruAdd(*walk, event, *life, *task)) facts.life = Move(facts.life, life, 1);
      break;
    case kClosing:
      if (CallRecord* const call = CallOf(*walk, *task)) QueueIn(call, event.nf, event.row);
      break;
    default:
      break;
  }
  return facts;
}

template <uint8_t kCode>
FCT_INLINE void Apply(Walk* walk, const Event& event, LifeRecord* life, TaskRecord* task) {
  constexpr uint32_t kMoods = kHandles | kMayList;
  const uint32_t effect = event.operation.effect;
  const uint32_t key = event.key(kCode == kOther ? event.operation.code : kCode);
  Facts facts{life->facts, task->facts};
  // The task goes on to something else than what it did last.
  LifeRecord& former = walk->records.lives[task->key >> kOperationBits];
  if ((facts.task & kHandles) != 0 && task->key_row >= former.since) former.left = event.row;
  if ((facts.life & (kAlive | kFreed | kUnknown)) == 0)
    facts.life = Meet(facts.life, kCode == kAlloc, &walk->begun);
  if ((effect & kLeavesLru) != 0) facts.life = Move(facts.life, life, -1);
  facts = Operate<kCode>(walk, event, life, task, facts);
  life->facts = facts.life | (effect & (kQueued | kUnderWriteback));
  life->last = event.row;
  reinterpret_cast<uint32_t*>(life)[effect & kTouchedWord] = walk->rows.ms[event.at];
  if (task->key == key)
    task->repeats++;
  else
    task->repeats = 0;
  task->facts = (facts.task & ~kMoods) | (effect & kMoods);
  task->key = key;
  task->key_row = task->row = event.row;
}

// An event without an object: only the task's side of it counts.
template <uint8_t kCode>
__attribute__((noinline)) void ApplyToTask(const Walk& walk, Event event, TaskRecord* task) {
  LifeRecord nobody{};
  Walk other{walk.tables, walk.rows, walk.records};
  Apply<kCode>(&other, event, &nobody, task);
}

// A copy of its own for each operation, so that the processor sees what follows upon which. It stops if a
// rule has to be asked first, or the task is not known.
template <uint8_t kCode>
FCT_INLINE Step SeeAs(Walk* walk, const Event& event, int32_t pid, bool is_cleared) {
  TaskRecord* const task = FindTask(*walk, pid);
  if (task == nullptr) return Step::kStops;
  if (event.nf == 0) {
    ApplyToTask<kCode>(*walk, event, task);
    return Step::kGoesOn;
  }
  LifeRecord* const life = walk->records.lives + event.nf;
  if (life->facts == 0) life->facts = Reset(life, event.row);
  if (IsSuspicious(*walk, event, *life, *task) && !is_cleared) return Step::kStops;
  Apply<kCode>(walk, event, life, task);
  return Step::kGoesOn;
}

FCT_INLINE Step See(Walk* walk, size_t row, bool is_cleared) {
  const WalkRows& rows = walk->rows;
  const size_t at = rows.index[row];
  if (at >= rows.nf.size) return Step::kFails;
  const size_t number = std::min<size_t>(rows.op[at], kTraceOperations - 1);
  const WalkOperation& operation = walk->tables.operations[number];
  const int32_t pid = rows.pid[row];
  const Event event{at, rows.first + static_cast<int32_t>(row) + 1, operation, rows.nf[at], rows.flags[at]};
  switch (operation.code) {
    case kAcquire:
      return SeeAs<kAcquire>(walk, event, pid, is_cleared);
    case kPut:
      return SeeAs<kPut>(walk, event, pid, is_cleared);
    case kAlloc:
      return SeeAs<kAlloc>(walk, event, pid, is_cleared);
    case kOpen:
      return SeeAs<kOpen>(walk, event, pid, is_cleared);
    case kOpened:
      return SeeAs<kOpened>(walk, event, pid, is_cleared);
    case kConsErr:
      return SeeAs<kConsErr>(walk, event, pid, is_cleared);
    case kFree:
      return SeeAs<kFree>(walk, event, pid, is_cleared);
    case kUnhash:
      return SeeAs<kUnhash>(walk, event, pid, is_cleared);
    case kClosing:
      return SeeAs<kClosing>(walk, event, pid, is_cleared);
    case kLruAdd:
      return SeeAs<kLruAdd>(walk, event, pid, is_cleared);
    default:
      return SeeAs<kOther>(walk, event, pid, is_cleared);
  }
}

}  // namespace fct

#endif  // FCT_LIFE_WALK_EVENT_H
