#include "life_walk.h"

#include <algorithm>

#include "life_walk_call.h"
#include "life_walk_life.h"
#include "life_walk_task.h"

// The loop's parts are functions for people; a call would cost as much as what they do.
#define FCT_INLINE inline __attribute__((always_inline))

namespace fct {
namespace {

// An event of a file.
struct Event {
  size_t at;  // in the columns
  int32_t row;
  uint8_t operation;
  uint32_t effect;
  uint32_t nf;
  uint32_t flags;
};

// What a call of Run() goes by: locals of it, so that what is written to records does not touch them.
struct Walk {
  const WalkTables& tables;
  WalkRows rows;
  WalkRecords records;
  int32_t begun = 0;
  int32_t ended = 0;
};

// Null if it is not among those near.
FCT_INLINE TaskRecord* FindTask(const Walk& walk, int32_t pid) {
  const int32_t word = walk.records.near[static_cast<uint32_t>(pid) & (kNearPids - 1)];
  TaskRecord* const task = walk.records.tasks + (word >> 4);
  return task->pid == pid ? task : nullptr;
}

// The facts of an event.
FCT_INLINE uint32_t FactsBefore(const Walk& walk, const Event& event, const LifeRecord& life,
                                const TaskRecord& task) {
  uint32_t known = life.facts | (task.facts & (kPutInDoubt | kManyTurns | kManyRetries));
  known |= FactOfSign(life.balance, kOffLru) | FactOfSign(walk.rows.ref[event.at], kCountIsZero);
  known |= life.unhash < task.row ? kUnhashedBefore : 0;
  const LifeRecord& inode = walk.records.lives[walk.rows.inode[event.at]];
  const bool outlived = (life.facts & kAlive) != 0 && life.begin < inode.close_begin;
  if (outlived && (event.flags & walk.tables.gc) != 0)
    known |= kOutlivedClose | ((event.flags & walk.tables.hashed) != 0 ? kHashedBehindClose : 0);
  return known;
}

// An nfsd_file_lru_add that belongs to the object's present life.
FCT_INLINE bool OwnsLruAdd(const Walk& walk, const Event& event, const LifeRecord& life,
                           const TaskRecord& task) {
  const bool is_with_it =
      (task.facts & kMayList) != 0 && task.key >> kOperationBits == event.nf && task.key_row >= life.since;
  return walk.tables.adders_hold || is_with_it;
}

FCT_INLINE void ApplyToLife(Walk* walk, const Event& event, LifeRecord* life, const TaskRecord& task) {
  const bool is_added = event.operation == kLruAdd && OwnsLruAdd(*walk, event, *life, task);
  life->last = event.row;
  reinterpret_cast<uint32_t*>(life)[event.effect & kTouchedWord] = walk->rows.ms[event.at];
  if ((life->facts & (kAlive | kFreed | kUnknown)) == 0) Meet(life, event.operation, &walk->begun);
  life->balance += (is_added ? 1 : 0) - ((event.effect & kLeavesLru) != 0 ? 1 : 0);
  life->facts |= event.effect & (kQueued | kUnderWriteback);
  switch (event.operation) {
    case kAcquire:
      life->facts += (life->facts & kInUse) != kInUse ? kOneUser : 0;
      break;
    case kPut:
      life->facts -= (life->facts & kInUse) != 0 ? kOneUser : 0;
      break;
    case kAlloc:
      Begin(life, event.flags, event.row, walk->tables, &walk->begun);
      break;
    case kFree:
      End(life, event.flags, event.row, walk->tables.pending, &walk->ended);
      break;
    case kUnhash:
      Unhash(life, event.row);
      break;
    default:
      break;
  }
}

FCT_INLINE void ApplyToTask(const Walk& walk, const Event& event, TaskRecord* task) {
  int32_t* const held = walk.records.held + (task - walk.records.tasks) * kHeldWords;
  const uint32_t key = (event.nf << kOperationBits) | event.operation;
  const uint32_t refused = (event.nf << kOperationBits) | kConsErr;
  const auto nf = static_cast<int32_t>(event.nf);
  const bool is_gc = (event.flags & walk.tables.gc) != 0;
  Leave(*task, walk.records.lives, event.row);
  Repeat(task, key);
  if (event.operation == kAcquire) Acquire(task, held, nf, is_gc);
  if (event.operation == kPut) Put(task, held, nf, event.row, is_gc && task->key != refused);
  if (event.operation == kConsErr) Retry(task);
  Conclude(task, event.effect, key, event.row);
}

FCT_INLINE void ApplyToCall(const Walk& walk, const Event& event, const TaskRecord& task) {
  if (event.operation != kClosing && event.operation != kFree) return;
  if (task.caller == 0) return;
  CallRecord& call = walk.records.calls[task.caller - 1];
  if (call.is_under_way == 0) return;
  if (event.operation == kClosing)
    Queue(&call, event.nf, event.row);
  else
    FreeIn(&call, event.nf, walk.rows.file[event.at], event.row);
}

// False if a rule has to be asked first, or the task is not known.
FCT_INLINE bool See(Walk* walk, size_t row, bool is_cleared) {
  const WalkRows& rows = walk->rows;
  Event event;
  event.at = rows.index[row];
  event.row = rows.first + static_cast<int32_t>(row) + 1;
  event.operation = walk->tables.codes[rows.op[event.at]];
  event.effect = walk->tables.effects[event.operation];
  event.nf = rows.nf[event.at];
  event.flags = rows.flags[event.at];
  TaskRecord* const task = FindTask(*walk, rows.pid[row]);
  if (task == nullptr) return false;
  if (event.nf != 0) {
    LifeRecord* const life = walk->records.lives + event.nf;
    if (life->facts == 0) Reset(life, event.row);
    const uint32_t alarm = walk->tables.alarms[event.operation];
    if ((FactsBefore(*walk, event, *life, *task) & alarm) != 0 && !is_cleared) return false;
    ApplyToLife(walk, event, life, *task);
  }
  ApplyToTask(*walk, event, task);
  ApplyToCall(*walk, event, *task);
  return true;
}

// A call of the module's. False as See().
bool HearCall(const Walk& walk, size_t row) {
  const WalkRows& rows = walk.rows;
  const size_t at = rows.index[row];
  if (rows.stressor[at] != walk.tables.close_call) return true;
  TaskRecord* const task = FindTask(walk, rows.pid[row]);
  if (task == nullptr) return false;
  const int32_t number = rows.first + static_cast<int32_t>(row) + 1;
  CallRecord* const call = task->caller == 0 ? nullptr : walk.records.calls + task->caller - 1;
  if (rows.end[at] == 0) {
    if (call == nullptr) return false;  // its first
    const bool minds_files = walk.tables.minds_files && rows.is_kernel_thread[at] == 1;
    BeginCall(call, rows.call_inode[at], number, minds_files);
  } else if (call != nullptr && call->is_under_way != 0) {
    if (walk.tables.asks_at_close && LeavesBehind(*call)) return false;
    EndCall(call, walk.records.lives, number);
  }
  task->row = number;
  return true;
}

// A struct file is closed. False as See().
bool HearFput(const Walk& walk, size_t row) {
  TaskRecord* const task = FindTask(walk, walk.rows.pid[row]);
  if (task == nullptr) return false;
  const uint32_t file = walk.rows.closed_file[walk.rows.index[row]];
  for (size_t i = 0; i < walk.records.call_count; i++) {
    CallRecord& call = walk.records.calls[i];
    if (call.is_under_way != 0 && call.file == file) call.file = 0;
  }
  task->row = walk.rows.first + static_cast<int32_t>(row) + 1;
  return true;
}

FCT_INLINE bool Hear(const Walk& walk, size_t row, uint16_t type) {
  const WalkTables& tables = walk.tables;
  if (type == tables.call_type) return HearCall(walk, row);
  if (type == tables.fput_type) return HearFput(walk, row);
  return type != tables.stop_types[0] && type != tables.stop_types[1];
}

bool IsBelow(const Span<uint32_t>& ids, size_t bound) {
  uint32_t most = 0;
  for (size_t i = 0; i < ids.size; i++) most = std::max(most, ids[i]);
  return ids.size == 0 || most < bound;
}

// Rows of the type point into `size` events.
bool PointsInto(const WalkRows& rows, uint16_t type, size_t size) {
  uint32_t most = 0;  // counted from 1
  for (size_t row = 0; row < rows.type.size; row++)
    most = std::max(most, rows.type[row] == type ? rows.index[row] + 1 : 0);
  return most <= size;
}

}  // namespace

bool LifeWalk::Enter(const WalkRows& rows, const WalkRecords& records) {
  const bool is_sound = IsBelow(rows.nf, records.life_count) && IsBelow(rows.inode, records.life_count) &&
                        IsBelow(rows.call_inode, records.life_count) &&
                        PointsInto(rows, tables_.file_type, rows.nf.size) &&
                        PointsInto(rows, tables_.call_type, rows.call_inode.size) &&
                        PointsInto(rows, tables_.fput_type, rows.closed_file.size);
  if (!is_sound) return false;
  rows_ = rows;
  records_ = records;
  return true;
}

size_t LifeWalk::Run(size_t from, size_t to, bool is_cleared) {
  Walk walk{tables_, rows_, records_};
  const uint16_t file_type = tables_.file_type;
  size_t row = from;
  for (; row < to; row++) {
    const uint16_t type = walk.rows.type[row];
    const bool goes_on =
        type == file_type ? See(&walk, row, is_cleared && row == from) : Hear(walk, row, type);
    if (!goes_on) break;
  }
  records_.totals[0] += walk.begun;
  records_.totals[1] += walk.ended;
  return row;
}

}  // namespace fct
