#include "life_walk.h"

#include "life_walk_event.h"

namespace fct {
namespace {

// A call of the module's.
Step HearCall(const Walk& walk, size_t row) {
  const WalkRows& rows = walk.rows;
  const size_t at = rows.index[row];
  if (at >= rows.call_inode.size) return Step::kFails;
  if (rows.stressor[at] != walk.tables.close_call) return Step::kGoesOn;
  TaskRecord* const task = FindTask(walk, rows.pid[row]);
  if (task == nullptr) return Step::kStops;
  const int32_t number = rows.first + static_cast<int32_t>(row) + 1;
  CallRecord* const call = CallOf(walk, *task);
  if (rows.end[at] == 0) {
    if (call == nullptr) return Step::kStops;  // its first
    const bool minds_files = walk.tables.minds_files && rows.is_kernel_thread[at] == 1;
    if (rows.call_inode[at] >= walk.records.life_count) return Step::kFails;
    BeginCall(call, rows.call_inode[at], number, minds_files);
  } else if (call != nullptr && call->is_under_way != 0) {
    if (LeavesBehind(*call)) return Step::kStops;
    EndCall(call, walk.records.lives, number);
  }
  task->row = number;
  return Step::kGoesOn;
}

// A struct file is closed.
Step HearFput(const Walk& walk, size_t row) {
  const size_t at = walk.rows.index[row];
  if (at >= walk.rows.closed_file.size) return Step::kFails;
  TaskRecord* const task = FindTask(walk, walk.rows.pid[row]);
  if (task == nullptr) return Step::kStops;
  const uint32_t file = walk.rows.closed_file[at];
  for (size_t i = 0; i < walk.records.call_count; i++) {
    CallRecord& call = walk.records.calls[i];
    if (call.is_under_way != 0 && call.file == file) call.file = 0;
  }
  task->row = walk.rows.first + static_cast<int32_t>(row) + 1;
  return Step::kGoesOn;
}

FCT_INLINE Step Hear(const Walk& walk, size_t row) {
  const WalkTables& tables = walk.tables;
  const uint16_t type = walk.rows.type[row];
  if (type == tables.file_type) return Step::kFails;  // it points beyond them
  if (type == tables.call_type) return HearCall(walk, row);
  if (type == tables.fput_type) return HearFput(walk, row);
  const bool stops = type == tables.stop_types[0] || type == tables.stop_types[1];
  return stops ? Step::kStops : Step::kGoesOn;
}

// is_cleared: somebody has looked at it, and has found its task.
template <bool kIsCleared>
FCT_INLINE Step Take(Walk* walk, size_t row) {
  const WalkRows& rows = walk->rows;
  const size_t at = rows.index[row];
  if (rows.type[row] != walk->tables.file_type || at >= rows.nf.size) return Hear(*walk, row);
  const size_t number = std::min<size_t>(rows.op[at], kTraceOperations - 1);
  const Place place{row, at, walk->tables.operations[number]};
  // Most are of this kind; the rest is told apart by comparisons (binding.gyp: no jump tables).
  if (place.operation.way == kAcquire) return See<kAcquire, kIsCleared>(walk, place);
  switch (place.operation.way) {
    case kAlloc:
      return See<kAlloc, kIsCleared>(walk, place);
    case kOpen:
      return See<kOpen, kIsCleared>(walk, place);
    case kConsErr:
      return See<kConsErr, kIsCleared>(walk, place);
    case kFree:
      return See<kFree, kIsCleared>(walk, place);
    case kUnhash:
      return See<kUnhash, kIsCleared>(walk, place);
    case kClosing:
      return See<kClosing, kIsCleared>(walk, place);
    case kLruAdd:
      return See<kLruAdd, kIsCleared>(walk, place);
    default:
      return See<kOther, kIsCleared>(walk, place);
  }
}

Tracepoint WayOf(Tracepoint code) {
  if (code == kPut) return kAcquire;
  return code == kOpened ? kOpen : code;
}

}  // namespace

WalkOperation ToWalkOperation(uint8_t code, uint32_t effect, uint32_t alarm, uint32_t gc, uint32_t hashed) {
  constexpr uint32_t kZero = kCountIsZero, kAbove = kCountIsZero << 1, kBelow = kCountIsZero << 2;
  constexpr uint32_t kLowest = 0x80000000;
  constexpr uint32_t kNoFlags = 0x40000000;  // but what is no nfsd_file any more may have it
  constexpr uint32_t kAlways = kBalances;    // one of them is always there
  const Tracepoint known = code <= kLruAdd ? static_cast<Tracepoint>(code) : kOther;
  const Tracepoint way = WayOf(known);
  const int32_t lingers = (effect & (kHandles | kMayList)) != 0 ? -1 : 0;
  WalkOperation operation{};
  operation.effect = effect;
  operation.alarm = alarm & ~(kZero | kAbove | kBelow);
  operation.count_span = 0xffffffff;
  operation.outlived_flags = kNoFlags;
  operation.lingers = lingers;
  operation.code = code;
  operation.way = way;
  operation.is_put = code == kPut ? 0xffffffff : 0;
  operation.users = code == kPut ? 0 - kOneUser : kOneUser;
  operation.users_limit = code == kPut ? 0 : kInUse;
  const auto allow = [&](uint32_t least, uint32_t most) {
    operation.least_count = least;
    operation.count_span = most - least;
  };
  switch (alarm & (kZero | kAbove | kBelow)) {
    case kBelow:
      allow(0, ~kLowest);
      break;
    case kZero | kBelow:
      allow(1, ~kLowest);
      break;
    case kAbove | kBelow:
      allow(0, 0);
      break;
    case kZero:
      allow(1, 0xffffffff);
      break;
    case kAbove:
      allow(kLowest, 0);
      break;
    case kZero | kAbove:
      allow(kLowest, 0xffffffff);
      break;
    case kZero | kAbove | kBelow:
      operation.alarm |= kAlways;
      break;
    default:
      break;
  }
  if ((alarm & kOutlivedClose) != 0)
    operation.outlived_flags = gc;
  else if ((alarm & kHashedBehindClose) != 0)
    operation.outlived_flags = gc | hashed;
  operation.minds_settled = (alarm & kSettledSinceUnhash) != 0 ? -1 : 0;
  // What only some copies of the loop work out, others take for granted.
  constexpr uint32_t kWorkedOut =
      kSettledSinceUnhash | kLeftUnhashed | kNotAdded | kUnhashedAlready | kFreedNotPending;
  if ((alarm & kWorkedOut & ~FactsWorkedOut(known)) != 0) operation.alarm |= kAlways;
  operation.look = operation.alarm |
                   ((alarm & (kSettledSinceUnhash | kUnhashedAlready)) != 0 ? kUnhashed : 0) |
                   ((alarm & kFreedNotPending) != 0 ? kFreed : 0);
  return operation;
}

void LifeWalk::Enter(const WalkRows& rows, const WalkRecords& records) {
  rows_ = rows;
  records_ = records;
}

size_t LifeWalk::Run(size_t from, size_t to, bool is_cleared) {
  if (from >= to) return from;
  Walk walk{tables_, rows_, records_, rows_.first + 1, tables_.gc};
  for (size_t bound = 1; bound <= records_.life_count; bound *= 2) walk.plain_ids = bound;
  size_t row = from;
  Step step = Step::kGoesOn;
  if (is_cleared) {
    step = Take<true>(&walk, row);
    if (step == Step::kGoesOn) row++;
  }
  while (step == Step::kGoesOn && row < to) {
    step = Take<false>(&walk, row);
    if (step == Step::kGoesOn) row++;
  }
  walk.records.totals[0] += walk.begun;
  walk.records.totals[1] += walk.ended;
  return step == Step::kFails ? kTornRow : row;
}

}  // namespace fct
