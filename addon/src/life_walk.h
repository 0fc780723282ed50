// The walk over the events of a file cache: keeps the oracle's records (harness/oracle/lives.ts, tasks.ts and
// closes.ts say what is in them and why) and stops at every event at which a rule might find something.
#ifndef FCT_LIFE_WALK_H
#define FCT_LIFE_WALK_H

#include <array>
#include <cstddef>
#include <cstdint>

#include "life_records.h"

namespace fct {

// A column of some rows.
template <typename T>
struct Span {
  const T* data = nullptr;
  size_t size = 0;

  T operator[](size_t at) const { return data[at]; }
};

// An operation as the loop wants it.
struct alignas(64) WalkOperation {
  uint32_t effect;
  // The facts at which to stop, as far as records have them or the loop works them out.
  uint32_t alarm;
  // The facts of records at which to look closer: those of `alarm`, and what others of it are worked out
  // from.
  uint32_t look;
  // The same of counts: those from `least` on are no reason to, up to `span` more.
  uint32_t least_count;
  uint32_t count_span;
  // The flags without which a close that an object has outlived is no reason to stop.
  uint32_t outlived_flags;
  // All bits, or none: behind it its task may list the object, or take it off the LRU.
  int32_t lingers;
  uint32_t code;
  Tracepoint way;  // whose copy of the loop it takes: an nfsd_file_put that of nfsd_file_acquire, _opened
                   // that of _open
  // How an nfsd_file_acquire and an nfsd_file_put differ: which of the two comes next is as good as random.
  uint32_t is_put;       // all bits, or none
  uint32_t users;        // are added to an object's,
  uint32_t users_limit;  // unless there are so many
  // All bits, or none: stops if the object was unhashed before the task's last acquire or put.
  int32_t minds_settled;
};

// `alarm` are all facts at which to stop. The loop may stop where none of them is there, but not pass over
// one.
WalkOperation ToWalkOperation(uint8_t code, uint32_t effect, uint32_t alarm, uint32_t gc, uint32_t hashed);

// How many operations are told apart; others are like the last one.
constexpr size_t kTraceOperations = 257;

// Of an event of a file: its row among those entered, its place in the columns, and what it does.
struct Place {
  size_t row;
  size_t at;
  const WalkOperation& operation;
};

// An event of a file.
struct Event {
  size_t at;
  int32_t row;
  const WalkOperation& operation;
  uint32_t nf;
  uint32_t inode;
  uint32_t flags;
  uint32_t key;  // of the object and the operation
};

// What does not change during a trace.
struct WalkTables {
  // By what a trace has for it.
  std::array<WalkOperation, kTraceOperations> operations{};
  std::array<uint32_t, 1u << kOperationBits> effects{};  // by code
  uint32_t gc = 0;                                       // flags of an nfsd_file
  uint32_t hashed = 0;
  uint32_t pending = 0;
  uint32_t all_flags = 0;
  uint32_t at_alloc = kAlive;  // what an nfsd_file_alloc says of its object
  bool adders_hold = false;    // who adds to the LRU holds a reference until it has said so
  bool minds_files = false;    // it can be seen when a struct file is closed
  // Indexes of event types; none has that of a type that is not there.
  uint16_t file_type = 0xffff;
  uint16_t call_type = 0xffff;
  uint16_t fput_type = 0xffff;
  std::array<uint16_t, 2> stop_types{0xffff, 0xffff};
  uint8_t close_call = 0xff;  // of the calls, those of nfsd_file_close_inode_sync()
};

// Rows of a trace that follow each other.
struct WalkRows {
  int32_t first = 0;  // rows before these
  Span<uint16_t> type;
  Span<uint32_t> index;
  Span<int32_t> pid;
  // Events of files.
  Span<uint16_t> op;
  Span<uint32_t> nf;
  Span<uint32_t> inode;
  Span<uint32_t> file;
  Span<uint32_t> flags;
  Span<int32_t> ref;
  Span<uint32_t> ms;
  // Calls.
  Span<uint8_t> stressor;
  Span<uint8_t> end;
  Span<uint8_t> is_kernel_thread;
  Span<uint32_t> call_inode;
  // Struct files that are closed.
  Span<uint32_t> closed_file;
};

// Of somebody else, who may change them between two calls.
struct WalkRecords {
  LifeRecord* lives = nullptr;  // by id of a pointer
  size_t life_count = 0;
  TaskRecord* tasks = nullptr;
  size_t task_count = 0;
  int32_t* held = nullptr;  // kHeldWords for each task
  CallRecord* calls = nullptr;
  size_t call_count = 0;
  const int32_t* near = nullptr;  // kNearPids words: where in words the record of the last such pid is
  int32_t* totals = nullptr;      // lives begun and ended
};

constexpr size_t kTornRow = 0xffffffff;

class LifeWalk {
 public:
  explicit LifeWalk(const WalkTables& tables) : tables_(tables) {}

  void Enter(const WalkRows& rows, const WalkRecords& records);

  // Takes rows into account, up to one at which somebody else has to look; returns that, or `to`, or kTornRow
  // if one points beyond its columns or the records.
  // is_cleared: somebody has looked at the first one, and has found its task.
  size_t Run(size_t from, size_t to, bool is_cleared);

 private:
  WalkTables tables_;
  WalkRows rows_;
  WalkRecords records_;
};

}  // namespace fct

#endif  // FCT_LIFE_WALK_H
