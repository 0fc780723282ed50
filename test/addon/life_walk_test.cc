#include "life_walk.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "operation_tally.h"

namespace fct {
namespace {

constexpr size_t kPointers = 21;
constexpr size_t kTasks = 4;
constexpr size_t kCalls = 2;
constexpr uint32_t kGc = 8;
constexpr uint32_t kHashed = 1;

// Memory as the oracle gives it, of no more than is needed: the sanitizers see each step beyond.
struct Memory {
  std::vector<LifeRecord> lives{kPointers};
  std::vector<TaskRecord> tasks{kTasks};
  std::vector<int32_t> held = std::vector<int32_t>(kTasks * kHeldWords);
  std::vector<CallRecord> calls{kCalls};
  std::vector<int32_t> near = std::vector<int32_t>(kNearPids);
  std::vector<int32_t> totals = std::vector<int32_t>(2);

  // Pids are 1, 2, 3; record 0 is nobody's. The first two have called.
  Memory() {
    tasks[0].pid = INT32_MIN;
    for (int32_t pid = 1; pid < static_cast<int32_t>(kTasks); pid++) {
      tasks[pid].pid = pid;
      tasks[pid].caller = pid <= static_cast<int32_t>(kCalls) ? pid : 0;
      near[pid] = pid * static_cast<int32_t>(sizeof(TaskRecord) / sizeof(int32_t));
    }
  }

  WalkRecords Records() {
    return {lives.data(), lives.size(), tasks.data(), tasks.size(), held.data(),
            calls.data(), calls.size(), near.data(),  totals.data()};
  }
};

// Rows of all three kinds, whatever comes.
struct Columns {
  std::vector<uint16_t> type, op;
  std::vector<uint32_t> index, nf, inode, file, flags, ms, call_inode, closed_file;
  std::vector<int32_t> pid, ref;
  std::vector<uint8_t> stressor, end, kthread;

  explicit Columns(std::mt19937* random, size_t count) {
    const auto below = [random](uint32_t bound) { return (*random)() % bound; };
    for (size_t row = 0; row < count; row++) {
      const auto kind = static_cast<uint16_t>(below(8) == 0 ? 1 + below(3) : 0);
      type.push_back(kind);
      pid.push_back(static_cast<int32_t>(1 + below(3)));
      const size_t size = kind == 0 ? nf.size() : kind == 1 ? call_inode.size() : closed_file.size();
      index.push_back(static_cast<uint32_t>(kind == 3 ? 0 : size));
      if (kind == 0) AddFile(below);
      if (kind == 1) {
        stressor.push_back(static_cast<uint8_t>(below(4) == 0 ? 1 : 0));
        end.push_back(static_cast<uint8_t>(below(2)));
        kthread.push_back(static_cast<uint8_t>(below(2)));
        call_inode.push_back(below(kPointers));
      }
      if (kind == 2) closed_file.push_back(below(kPointers));
    }
  }

  template <typename Below>
  void AddFile(const Below& below) {
    // Now and then one operation for long, so that lists run full.
    const bool is_same = !op.empty() && below(8) != 0;
    op.push_back(is_same ? op.back() : static_cast<uint16_t>(below(20)));
    nf.push_back(below(kPointers));
    inode.push_back(below(kPointers));
    file.push_back(below(kPointers));
    flags.push_back(below(16));
    ref.push_back(static_cast<int32_t>(below(4)) - 1);
    ms.push_back(below(1000));
  }

  WalkRows Rows() const {
    WalkRows rows;
    rows.type = {type.data(), type.size()};
    rows.index = {index.data(), index.size()};
    rows.pid = {pid.data(), pid.size()};
    rows.op = {op.data(), op.size()};
    rows.nf = {nf.data(), nf.size()};
    rows.inode = {inode.data(), inode.size()};
    rows.file = {file.data(), file.size()};
    rows.flags = {flags.data(), flags.size()};
    rows.ref = {ref.data(), ref.size()};
    rows.ms = {ms.data(), ms.size()};
    rows.stressor = {stressor.data(), stressor.size()};
    rows.end = {end.data(), end.size()};
    rows.is_kernel_thread = {kthread.data(), kthread.size()};
    rows.call_inode = {call_inode.data(), call_inode.size()};
    rows.closed_file = {closed_file.data(), closed_file.size()};
    return rows;
  }
};

WalkTables Tables(uint32_t alarm) {
  WalkTables tables;
  const uint32_t effect = kLeavesLru | offsetof(LifeRecord, waste) / sizeof(int32_t);
  for (size_t op = 0; op < tables.operations.size(); op++)
    tables.operations[op] =
        ToWalkOperation(static_cast<uint8_t>(op < kTracepoints ? op : 0), effect, alarm, kGc, kHashed);
  tables.gc = kGc;
  tables.hashed = kHashed;
  tables.pending = 2;
  tables.minds_files = true;
  tables.file_type = 0;
  tables.call_type = 1;
  tables.fput_type = 2;
  tables.close_call = 0;
  return tables;
}

TEST_CASE("whatever comes, the walk stays within its records") {
  std::mt19937 random(1);
  for (int round = 0; round < 200; round++) {
    const Columns columns(&random, 1000);
    Memory memory;
    LifeWalk walk(Tables(0));
    walk.Enter(columns.Rows(), memory.Records());
    // Tasks that turn on the spot are a reason to stop, and so are calls of who is not known to call.
    size_t next = walk.Run(0, 1000, false);
    while (next < 1000) {
      const size_t stop = next;
      next = walk.Run(stop, 1000, true);
      REQUIRE(next >= stop);
      if (next == stop) next = walk.Run(stop + 1, 1000, false);
    }
    CHECK(next == 1000);
    for (const TaskRecord& task : memory.tasks) CHECK((task.held >= 0 && task.held <= kMostHeld));
    for (const CallRecord& call : memory.calls)
      CHECK((call.queued >= 0 && call.queued <= CallRecord::kMostQueued));
    CHECK(memory.totals[0] >= memory.totals[1]);
  }
}

TEST_CASE("an event with a fact of which a rule is afraid is a stop, one without is not") {
  const uint32_t zero = kCountIsZero;
  const uint32_t above = zero << 1;
  const uint32_t below = zero << 2;
  for (uint32_t alarm : {0u, zero, above, below, zero | above, zero | below, above | below}) {
    for (const int32_t ref : {INT32_MIN, -1, 0, 1, INT32_MAX}) {
      std::mt19937 random(1);
      Columns columns(&random, 0);
      columns.type = {0};
      columns.index = {0};
      columns.pid = {1};
      columns.op = {2};
      columns.nf = columns.inode = columns.file = columns.flags = columns.ms = {1};
      columns.ref = {ref};
      Memory memory;
      LifeWalk walk(Tables(alarm));
      walk.Enter(columns.Rows(), memory.Records());
      const uint32_t fact = ref == 0 ? zero : ref > 0 ? above : below;
      CHECK((walk.Run(0, 1, false) == 0) == ((alarm & fact) != 0));
    }
  }
}

TEST_CASE("a row that points beyond its columns ends the walk") {
  std::mt19937 random(2);
  for (const uint16_t type : {0, 1, 2}) {
    Columns columns(&random, 8);
    columns.type[3] = type;
    columns.index[3] = 1000;
    Memory memory;
    LifeWalk walk(Tables(0));
    walk.Enter(columns.Rows(), memory.Records());
    CHECK(walk.Run(3, 8, false) == kTornRow);
  }
}

TEST_CASE("a row that points beyond the records ends the walk, whether somebody has looked at it or not") {
  for (std::vector<uint32_t> Columns::*const ids : {&Columns::nf, &Columns::inode, &Columns::call_inode}) {
    for (const bool is_cleared : {false, true}) {
      for (const size_t id : {kPointers - 1, kPointers, size_t{UINT32_MAX}}) {
        std::mt19937 random(3);
        Columns columns(&random, 0);
        columns.AddFile([](uint32_t) { return 1u; });
        columns.call_inode = columns.closed_file = {1};
        columns.stressor = columns.end = columns.kthread = {0};
        columns.type = {static_cast<uint16_t>(ids == &Columns::call_inode ? 1 : 0)};
        columns.index = {0};
        columns.pid = {1};
        columns.*ids = {static_cast<uint32_t>(id)};
        Memory memory;
        LifeWalk walk(Tables(0));
        walk.Enter(columns.Rows(), memory.Records());
        CHECK(walk.Run(0, 1, is_cleared) == (id < kPointers ? 1 : kTornRow));
      }
    }
  }
}

TEST_CASE("a tally is that of each operation, whichever its table was") {
  std::vector<uint16_t> operations;
  std::vector<uint32_t> objects;
  for (uint32_t i = 0; i < 1003; i++) {
    operations.push_back(static_cast<uint16_t>(i % 7 == 0 ? 65535 : i % 7));
    objects.push_back(i % 5);
  }
  std::vector<uint32_t> counts(2 * kTallied, 1);
  TallyOperations(operations.data(), objects.data(), operations.size(), counts.data());
  std::vector<uint32_t> expected(2 * kTallied, 1);
  for (size_t i = 0; i < operations.size(); i++) {
    const size_t operation = operations[i] < kTallied ? operations[i] : 0;
    expected[operation]++;
    if (objects[i] == 0) expected[kTallied + operation]++;
  }
  CHECK(counts == expected);
}

}  // namespace
}  // namespace fct
