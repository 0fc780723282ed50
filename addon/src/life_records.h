// The oracle's records, as harness/oracle/records.ts, facts.ts, effects.ts and operations.ts lay them out and
// say what is in them. kLifeLayout is compared with theirs before anything is read.
#ifndef FCT_LIFE_RECORDS_H
#define FCT_LIFE_RECORDS_H

#include <cstddef>
#include <cstdint>

namespace fct {

// Rows count from 1 in records.
struct LifeRecord {
  uint32_t facts;
  int32_t since;
  int32_t balance;
  uint32_t touched_ms;
  int32_t last;
  int32_t left;
  int32_t begin;
  int32_t unhash;
  int32_t free;
  int32_t close_begin;
  int32_t close_end;
  int32_t unused[4];
  int32_t waste;
};

struct TaskRecord {
  uint32_t facts;
  int32_t pid;
  uint32_t key;
  int32_t lingers;
  int32_t row;
  int32_t settled;
  int32_t taken;
  int32_t held;
  int32_t repeats;
  int32_t retries;
  int32_t doubtful;
  int32_t spent;
  int32_t caller;
  int32_t room;
  int32_t unused[2];
};

struct CallRecord {
  static constexpr int32_t kMostQueued = 60;

  struct Queued {
    uint32_t nf;
    int32_t row;
  };

  int32_t is_under_way;
  uint32_t inode;
  int32_t begin;
  int32_t minds_files;
  int32_t free;
  uint32_t file;
  int32_t left_open;
  int32_t queued;
  Queued queue[kMostQueued];
};

// Of a task: ids, the latest last; the first word is not used.
constexpr int32_t kMostHeld = 64;
constexpr size_t kHeldWords = 128;

static_assert(sizeof(LifeRecord) == 64 && sizeof(TaskRecord) == 64 && sizeof(CallRecord) == 512);

constexpr uint32_t kAlive = 1u << 0;
constexpr uint32_t kFreed = 1u << 1;
constexpr uint32_t kUnknown = 1u << 2;
constexpr uint32_t kAllocated = 1u << 3;
constexpr uint32_t kTracked = 1u << 4;
constexpr uint32_t kUnhashed = 1u << 5;
constexpr uint32_t kUnhashedEarly = 1u << 6;
constexpr uint32_t kQueued = 1u << 7;
constexpr uint32_t kUnderWriteback = 1u << 8;
constexpr uint32_t kOffLru = 1u << 9;  // and the two behind it
constexpr uint32_t kOnLru = kOffLru << 1;
constexpr uint32_t kBalances = kOffLru | kOnLru | kOffLru << 2;
constexpr uint32_t kInUse = 255u << 12;
constexpr uint32_t kOneUser = 1u << 12;
constexpr uint32_t kCountIsZero = 1u << 20;  // and the two behind it
constexpr uint32_t kPutInDoubt = 1u << 23;
constexpr uint32_t kManyTurns = 1u << 24;
constexpr uint32_t kLeftUnhashed = 1u << 25;
constexpr uint32_t kOutlivedClose = 1u << 26;
constexpr uint32_t kHashedBehindClose = 1u << 27;
constexpr uint32_t kNotAdded = 1u << 28;
constexpr uint32_t kUnhashedAlready = 1u << 29;
constexpr uint32_t kFreedNotPending = 1u << 30;
constexpr uint32_t kSettledSinceUnhash = 1u << 31;

// What an operation does, beside facts that it makes true.
constexpr uint32_t kTouchedWord = 15;
constexpr uint32_t kLeavesLru = 1u << 9;
constexpr uint32_t kHandles = 1u << 10;
constexpr uint32_t kMayList = 1u << 11;

enum Tracepoint : uint8_t {
  kOther = 0,  // stands for all that the walk does not tell apart
  kAlloc = 1,
  kOpen = 2,
  kOpened = 3,
  kAcquire = 4,
  kConsErr = 5,
  kPut = 6,
  kFree = 7,
  kUnhash = 8,
  kClosing = 9,
  kLruAdd = 10,
};
constexpr size_t kTracepoints = 19;
constexpr int kOperationBits = 5;

constexpr int32_t kNever = 0x7fffffff;
constexpr size_t kNearPids = 1024;
constexpr int32_t kManyInARow = 100;
constexpr int32_t kUnseenHolds = 2;
constexpr int32_t kManyLeftOpen = 4;
constexpr int32_t kTookNothing = 0;
constexpr int32_t kTookAllowance = -1;

// Word by word, bit by bit, in the order in which harness/oracle/fast-path.ts has them.
constexpr int32_t Word(size_t offset) { return static_cast<int32_t>(offset / 4); }
constexpr int32_t kLifeLayout[] = {
    Word(offsetof(LifeRecord, since)),
    Word(offsetof(LifeRecord, balance)),
    Word(offsetof(LifeRecord, touched_ms)),
    Word(offsetof(LifeRecord, last)),
    Word(offsetof(LifeRecord, left)),
    Word(offsetof(LifeRecord, begin)),
    Word(offsetof(LifeRecord, unhash)),
    Word(offsetof(LifeRecord, free)),
    Word(offsetof(LifeRecord, close_begin)),
    Word(offsetof(LifeRecord, close_end)),
    Word(offsetof(TaskRecord, pid)),
    Word(offsetof(TaskRecord, key)),
    Word(offsetof(TaskRecord, lingers)),
    Word(offsetof(TaskRecord, row)),
    Word(offsetof(TaskRecord, settled)),
    Word(offsetof(TaskRecord, taken)),
    Word(offsetof(TaskRecord, held)),
    Word(offsetof(TaskRecord, repeats)),
    Word(offsetof(TaskRecord, retries)),
    Word(offsetof(TaskRecord, doubtful)),
    Word(offsetof(TaskRecord, spent)),
    Word(offsetof(TaskRecord, caller)),
    Word(offsetof(TaskRecord, room)),
    Word(offsetof(CallRecord, is_under_way)),
    Word(offsetof(CallRecord, inode)),
    Word(offsetof(CallRecord, begin)),
    Word(offsetof(CallRecord, minds_files)),
    Word(offsetof(CallRecord, free)),
    Word(offsetof(CallRecord, file)),
    Word(offsetof(CallRecord, left_open)),
    Word(offsetof(CallRecord, queued)),
    Word(offsetof(CallRecord, queue)),
    static_cast<int32_t>(sizeof(CallRecord) / 4),
    CallRecord::kMostQueued,
    kMostHeld,
    static_cast<int32_t>(kHeldWords),
    kAlive,
    kFreed,
    kUnknown,
    kAllocated,
    kTracked,
    kUnhashed,
    kUnhashedEarly,
    kQueued,
    kUnderWriteback,
    kInUse,
    kOffLru,
    kOffLru << 1,
    kOffLru << 2,
    kCountIsZero,
    kCountIsZero << 1,
    kCountIsZero << 2,
    kPutInDoubt,
    kManyTurns,
    kLeftUnhashed,
    static_cast<int32_t>(kSettledSinceUnhash),
    kUnhashedAlready,
    kFreedNotPending,
    kNotAdded,
    kOutlivedClose,
    kHashedBehindClose,
    kTouchedWord,
    kLeavesLru,
    kHandles,
    kMayList,
    kAlloc,
    kOpen,
    kOpened,
    kAcquire,
    kConsErr,
    kPut,
    kFree,
    kUnhash,
    kClosing,
    kLruAdd,
    kTracepoints,
    kOperationBits,
    static_cast<int32_t>(kNearPids),
    kManyInARow,
    kUnseenHolds,
    kManyLeftOpen,
};

}  // namespace fct

#endif  // FCT_LIFE_RECORDS_H
