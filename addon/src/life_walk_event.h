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
// What is seldom does not take their registers.
#define FCT_COLD __attribute__((noinline, cold))

namespace fct {

// What a call of Run() goes by: locals of it, so that what is written to records does not touch them.
struct Walk {
  const WalkTables& tables;
  WalkRows rows;
  WalkRecords records;
  int32_t first = 0;  // the number of the first row
  uint32_t gc = 0;    // WalkTables
  // A power of two, not above the number of lives: ids of which all bits are below it need no closer look.
  size_t plain_ids = 0;
  int32_t begun = 0;
  int32_t ended = 0;
};

enum class Step { kGoesOn, kStops, kFails };

// What is known of an object of which something is known.
constexpr uint32_t kMet = kAlive | kFreed | kUnknown;

// Null if it is not among those near.
FCT_INLINE TaskRecord* FindTask(const Walk& walk, int32_t pid) {
  const auto word = static_cast<uint32_t>(walk.records.near[static_cast<uint32_t>(pid) & (kNearPids - 1)]);
  auto* const task = reinterpret_cast<TaskRecord*>(reinterpret_cast<int32_t*>(walk.records.tasks) + word);
  return task->pid == pid ? task : nullptr;
}

// What the task did last was with the object's present life, and has this effect.
FCT_INLINE bool IsBehind(const Walk& walk, const TaskRecord& task, uint32_t nf, const LifeRecord& life,
                         uint32_t effect) {
  const uint32_t did = walk.tables.effects[task.key & ((1u << kOperationBits) - 1)];
  return task.key >> kOperationBits == nf && task.lingers >= life.since && (did & effect) != 0;
}

// Of tasks, those that have done last what has this effect, with the object's present life.
inline int32_t CountBehind(const Walk& walk, uint32_t nf, const LifeRecord& life, uint32_t effect) {
  int32_t count = 0;
  for (size_t i = 0; i < walk.records.task_count; i++) {
    const TaskRecord& task = walk.records.tasks[i];
    count += IsBehind(walk, task, nf, life, effect) ? 1 : 0;
  }
  return count;
}

// How many nfsd_file_lru_add other tasks may be late with.
inline int32_t CountLateLruAdds(const Walk& walk, uint32_t nf, const LifeRecord& life,
                                const TaskRecord& task) {
  return CountBehind(walk, nf, life, kMayList) - (IsBehind(walk, task, nf, life, kMayList) ? 1 : 0);
}

// Which facts a copy of the loop works out itself.
constexpr uint32_t FactsWorkedOut(Tracepoint code) {
  switch (code) {
    case kAcquire:
    case kPut:
      return kSettledSinceUnhash;
    case kFree:
      return kFreedNotPending;
    case kUnhash:
      return kUnhashedAlready;
    case kOther:
      return kLeftUnhashed | kNotAdded;
    default:
      return 0;
  }
}

// Has one of these facts, which are those of no record.
template <Tracepoint kCode>
FCT_INLINE bool IsWorkedOut(const Walk& walk, const Event& event, const LifeRecord& life,
                            const TaskRecord& task) {
  const uint32_t alarm = event.operation.alarm;
  const auto is_alarm = [alarm](uint32_t fact) { return (alarm & fact) != 0; };
  switch (kCode) {
    case kAcquire:
      return life.unhash < (task.settled & event.operation.minds_settled);
    case kFree: {
      const WalkTables& tables = walk.tables;
      const bool is_pending = (event.flags & tables.pending) != 0 && (event.flags & ~tables.all_flags) == 0;
      return (life.facts & kFreed) != 0 && is_alarm(kFreedNotPending) && !is_pending;
    }
    case kUnhash: {
      constexpr uint32_t kFreedAndEarly = kFreed | kUnhashedEarly;
      const bool may_be = (life.facts & kAlive) != 0 || (life.facts & kFreedAndEarly) == kFreedAndEarly;
      return (life.facts & kUnhashed) != 0 && is_alarm(kUnhashedAlready) && may_be;
    }
    case kOther: {
      if (std::max(life.unhash, life.left) < task.row && is_alarm(kLeftUnhashed) &&
          CountBehind(walk, event.nf, life, kHandles) == 0)
        return true;
      return (life.facts & kOnLru) == 0 && is_alarm(kNotAdded) &&
             CountLateLruAdds(walk, event.nf, life, task) <= -life.balance;
    }
    default:
      return false;
  }
}

// Its life has begun before the last close of its inode, it has the flags that the operation wants of such,
// and the task came when the close had returned.
FCT_INLINE bool HasOutlivedClose(const Walk& walk, const Event& event, const LifeRecord& life,
                                 const TaskRecord& task) {
  if ((event.flags & walk.gc) == 0) return false;
  const LifeRecord& inode = walk.records.lives[event.inode];
  if (life.begin >= inode.close_begin) return false;
  if ((~event.flags & event.operation.outlived_flags) != 0) return false;
  return (life.facts & kAlive) != 0 && inode.close_end < task.row;
}

// A rule might find something.
// kIsPlain: there is an object, of which something is known, and neither has it facts to look closer at, nor
// has the task any.
template <Tracepoint kCode, bool kIsPlain>
FCT_INLINE bool IsSuspicious(const Walk& walk, const Event& event, const LifeRecord& life,
                             const TaskRecord& task) {
  const WalkOperation& operation = event.operation;
  constexpr bool kHasWorkedOut = !kIsPlain || kCode == kOther;
  const auto count = static_cast<uint32_t>(walk.rows.ref[event.at]);
  if (!kIsPlain && ((life.facts | task.facts) & operation.alarm) != 0) return true;
  if (count - operation.least_count > operation.count_span) return true;
  if (kHasWorkedOut && IsWorkedOut<kCode>(walk, event, life, task)) return true;
  return task.repeats == kManyInARow - 2 || HasOutlivedClose(walk, event, life, task);
}

// An nfsd_file_lru_add that belongs to the object's present life.
FCT_INLINE bool OwnsLruAdd(const Walk& walk, const Event& event, const LifeRecord& life,
                           const TaskRecord& task) {
  return walk.tables.adders_hold || IsBehind(walk, task, event.nf, life, kMayList);
}

FCT_INLINE CallRecord* CallOf(const Walk& walk, const TaskRecord& task) {
  return task.caller == 0 ? nullptr : walk.records.calls + task.caller - 1;
}

FCT_INLINE int32_t* HeldBy(const Walk& walk, const TaskRecord* task) {
  static_assert(kHeldWords * sizeof(int32_t) % sizeof(TaskRecord) == 0);
  const auto* const first = reinterpret_cast<const char*>(walk.records.tasks);
  const ptrdiff_t place = reinterpret_cast<const char*>(task) - first;
  constexpr ptrdiff_t kTimes = kHeldWords * sizeof(int32_t) / sizeof(TaskRecord);
  return reinterpret_cast<int32_t*>(reinterpret_cast<char*>(walk.records.held) + place * kTimes);
}

// What the operation does to its object, its task and its call. Returns what it makes of the object's facts.
template <Tracepoint kCode>
FCT_INLINE uint32_t Operate(Walk* walk, const Event& event, LifeRecord* life, TaskRecord* task,
                            uint32_t facts) {
  const WalkTables& tables = walk->tables;
  switch (kCode) {
    case kAlloc:
      task->taken = kTookNothing;
      walk->begun += tables.at_alloc == kAlive ? 1 : 0;
      return Begin(facts, life, (event.flags & tables.hashed) != 0, event.row) | tables.at_alloc;
    case kOpen:
      task->taken = kTookNothing;
      return facts;
    case kConsErr:
      Retry(task);
      return facts;
    case kFree:
      // The one column that is read here and there only, so that the processor does not see what comes next.
      for (const size_t lines : {2, 3}) __builtin_prefetch(walk->rows.file.data + event.at + lines * 16);
      walk->ended += (facts & kAlive) != 0 ? 1 : 0;
      if (CallRecord* const call = CallOf(*walk, *task))
        FreeIn(call, event.nf, walk->rows.file.data + event.at, event.row);
      return End(facts, life, (event.flags & tables.pending) != 0, event.row);
    case kUnhash:
      return Unhash(facts, life, event.row);
    case kLruAdd:
      return OwnsLruAdd(*walk, event, *life, *task) ? Move(facts, life, 1) : facts;
    case kClosing:
      if (CallRecord* const call = CallOf(*walk, *task)) QueueIn(call, event.nf, event.row);
      return facts;
    default:
      return facts;
  }
}

// What the task does, and where: it goes on to it from what it did last, perhaps with an object that is
// unhashed.
FCT_INLINE void Note(const Walk& walk, const Event& event, TaskRecord* task) {
  const int32_t once_more = task->repeats + 1;
  task->repeats = task->key == event.key ? once_more : 0;
  LifeRecord& former = walk.records.lives[task->key >> kOperationBits];
  if (former.unhash < event.row && task->lingers >= former.since) former.left = event.row;
  task->row = event.row;
  task->lingers = event.row & event.operation.lingers;
  task->key = event.key;
}

// Of an nfsd_file_acquire or nfsd_file_put. In an order in which no register is wanted for long.
template <bool kIsPlain>
FCT_INLINE void ApplySettlement(const Walk& walk, const Event& event, LifeRecord* life, TaskRecord* task) {
  const WalkOperation& operation = event.operation;
  const uint32_t differs = task->key ^ event.key;
  Note(walk, event, task);
  task->settled = event.row;
  if (!kIsPlain) task->facts &= ~(kPutInDoubt | (kManyTurns & ~operation.is_put));
  life->touched_ms = walk.rows.ms[event.at];
  life->last = event.row;
  life->facts = AddUsers(life->facts, operation);
  Settle<kIsPlain>(task, HeldBy(walk, task), event, differs, (event.flags & walk.gc) != 0);
}

template <Tracepoint kCode, bool kIsPlain>
FCT_INLINE void Apply(Walk* walk, const Event& event, LifeRecord* life, TaskRecord* task) {
  if (kCode == kAcquire) {
    ApplySettlement<kIsPlain>(*walk, event, life, task);
    return;
  }
  // What an operation does in all flavours need not be looked up.
  constexpr bool kMayQueue = kCode == kClosing || kCode == kOther;
  constexpr bool kMayLeaveLru = kCode == kOther;
  const uint32_t effect = event.operation.effect;
  uint32_t facts = life->facts;
  if (kMayLeaveLru && (effect & kLeavesLru) != 0) facts = Move(facts, life, -1);
  facts = Operate<kCode>(walk, event, life, task, facts);
  life->facts = facts | (kMayQueue ? effect & (kQueued | kUnderWriteback) : 0);
  life->last = event.row;
  if (kCode == kOther)
    reinterpret_cast<uint32_t*>(life)[effect & kTouchedWord] = walk->rows.ms[event.at];
  else if (kCode != kUnhash)
    life->touched_ms = walk->rows.ms[event.at];
  Note(*walk, event, task);
}

template <Tracepoint kCode>
FCT_INLINE Event EventAt(const Walk& walk, const Place& place) {
  constexpr bool kIsOfMany = kCode == kOther || kCode == kAcquire || kCode == kOpen;
  const uint32_t nf = walk.rows.nf[place.at];
  const uint32_t code = kIsOfMany ? place.operation.code : uint32_t{kCode};
  return {place.at,
          walk.first + static_cast<int32_t>(place.row),
          place.operation,
          nf,
          walk.rows.inode[place.at],
          walk.rows.flags[place.at],
          (nf << kOperationBits) | code};
}

// It points beyond the records.
FCT_INLINE bool IsBeyond(const Walk& walk, const Event& event) {
  if (__builtin_expect((event.nf | event.inode) < walk.plain_ids, 1)) return false;
  return std::max(event.nf, event.inode) >= walk.records.life_count;
}

// An event without an object: only the task's side of it counts.
template <Tracepoint kCode>
FCT_COLD Step SeeWithout(Walk* walk, Place place, TaskRecord* task) {
  LifeRecord nobody{};
  const int32_t begun = walk->begun, ended = walk->ended;
  Apply<kCode, false>(walk, EventAt<kCode>(*walk, place), &nobody, task);
  walk->begun = begun;
  walk->ended = ended;
  return Step::kGoesOn;
}

// An object of which nothing was seen, or nothing but its alloc.
template <Tracepoint kCode, bool kIsCleared>
FCT_COLD Step SeeNew(Walk* walk, Place place, TaskRecord* task) {
  const Event event = EventAt<kCode>(*walk, place);
  LifeRecord* const life = walk->records.lives + event.nf;
  if (life->facts == 0) life->facts = Reset(life, event.row);
  if (!kIsCleared && IsSuspicious<kCode, false>(*walk, event, *life, *task)) return Step::kStops;
  life->facts = Meet(life->facts, kCode == kAlloc, &walk->begun);
  Apply<kCode, false>(walk, event, life, task);
  return Step::kGoesOn;
}

// What is seldom: no object, or one of which nothing was seen; facts to look closer at; a row that somebody
// has looked at.
template <Tracepoint kCode, bool kIsCleared>
FCT_COLD Step SeeOtherwise(Walk* walk, Place place, TaskRecord* task) {
  const Event event = EventAt<kCode>(*walk, place);
  if (event.nf == 0) return SeeWithout<kCode>(walk, place, task);
  LifeRecord* const life = walk->records.lives + event.nf;
  if ((life->facts & kMet) == 0) return SeeNew<kCode, kIsCleared>(walk, place, task);
  if (!kIsCleared && IsSuspicious<kCode, false>(*walk, event, *life, *task)) return Step::kStops;
  Apply<kCode, false>(walk, event, life, task);
  return Step::kGoesOn;
}

// A copy of its own for what operations have to be told apart, so that the processor sees what follows upon
// which. It stops if a rule has to be asked first, or the task is not known.
template <Tracepoint kCode, bool kIsCleared>
FCT_INLINE Step See(Walk* walk, const Place& place) {
  TaskRecord* const task = FindTask(*walk, walk->rows.pid[place.row]);
  if (__builtin_expect(task == nullptr, 0)) return Step::kStops;
  const Event event = EventAt<kCode>(*walk, place);
  if (__builtin_expect(IsBeyond(*walk, event), 0)) return Step::kFails;
  if (kIsCleared) return SeeOtherwise<kCode, true>(walk, place, task);
  // NULL is never met.
  LifeRecord* const life = walk->records.lives + event.nf;
  const uint32_t look = (life->facts & event.operation.look) | task->facts;
  if (__builtin_expect((life->facts & kMet) == 0 || look != 0, 0))
    return SeeOtherwise<kCode, false>(walk, place, task);
  if (__builtin_expect(IsSuspicious<kCode, true>(*walk, event, *life, *task), 0)) return Step::kStops;
  Apply<kCode, true>(walk, event, life, task);
  return Step::kGoesOn;
}

}  // namespace fct

#endif  // FCT_LIFE_WALK_EVENT_H
