#include "trace_reader.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>

#include "silence_marker.h"

namespace fct {
namespace {

constexpr std::chrono::milliseconds kCloseWait{1000};
// Passes of the final drain that may find a buffer neither readable nor empty; about as many ms.
constexpr int kMostRetries = 200;
constexpr std::chrono::milliseconds kRetryWait{1};
// Bytes at once: a file takes all that it is given, whoever is due meanwhile.
constexpr size_t kMostWritten = size_t{256} << 10;
constexpr int kNice = -20;

// Who is put aside in the middle of a turn begins anew with cold caches, and the ring buffer fills meanwhile:
// before all but threads of real time, and as the least of those. Of this thread alone; without the right to
// it all goes on as it is.
void TakePrecedence() {
  ::setpriority(PRIO_PROCESS, 0, kNice);
  sched_param least = {};
  least.sched_priority = ::sched_get_priority_min(SCHED_FIFO);
  ::sched_setscheduler(0, SCHED_FIFO, &least);
}

}  // namespace

// One thread drains pages into the pool and writes what the other end takes; it runs until Stop() or Close().
struct TraceReader::Core {
  explicit Core(const TraceReaderOptions& options)
      : instance(options.instance),
        interval(options.interval),
        layout(ParseHeaderPage(ReadWholeFile(options.instance + "/events/header_page"), 0)),
        cpus(OpenCpus(options.instance, layout.page_size)),
        pool(options.pool_bytes, layout.page_size),
        writer(options.fd),
        marker(options.instance, options.mark_silent) {}

  enum class State { kRunning, kStopping, kClosed };

  void Run();
  void RunToEnd();
  void DrainDue();
  void DrainToEnd();
  bool DrainPass(bool is_tracing, std::vector<bool>* are_done, bool* is_unsure);
  CpuReader::Result DrainPage(CpuReader* cpu);
  void SendEnds();
  void Send(FrameKind kind, uint16_t cpu, uint64_t sequence, const std::string& text);
  void ShipUntilDue();
  void ShipAll();
  bool MakeRoom();
  void Ship();
  void Sleep();
  uint64_t Now() const;
  uint64_t NextDue() const;
  void KeepError();
  TraceReaderStats Stats();
  void Change(State to);

  const std::string instance;
  const std::chrono::milliseconds interval;
  const PageLayout layout;
  const std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  std::vector<CpuReader> cpus;
  FramePool pool;
  FrameWriter writer;
  SilenceMarker marker;

  std::atomic<uint64_t> pages{0};
  std::atomic<uint64_t> bytes{0};
  std::atomic<uint64_t> blocked{0};
  std::atomic<bool> is_complete{false};
  std::atomic<State> state{State::kRunning};

  std::mutex mutex;
  std::exception_ptr error;
};

void TraceReader::Core::Run() {
  TakePrecedence();
  try {
    RunToEnd();
  } catch (...) {
    KeepError();
  }
  for (CpuReader& cpu : cpus) cpu.Close();
  marker.Close();
  try {
    ShipAll();
    is_complete = pool.is_empty() && state != State::kClosed && !Stats().error;
  } catch (...) {
    KeepError();
  }
  writer.Close();
}

void TraceReader::Core::RunToEnd() {
  while (state == State::kRunning) {
    DrainDue();
    marker.Look(cpus);
    ShipUntilDue();
    Sleep();
  }
  DrainToEnd();
  SendEnds();
}

// Takes turns over the CPUs, a page each, so that a busy one does not make another overrun.
void TraceReader::Core::DrainDue() {
  const uint64_t tick = Now();
  for (bool has_more = NextDue() <= tick; has_more && state == State::kRunning;) {
    has_more = false;
    for (CpuReader& cpu : cpus) {
      if (!cpu.IsNearlyDue(tick)) continue;
      if (pool.Room() == nullptr) {
        blocked++;
        for (CpuReader& each : cpus) each.Delay(tick);
        return;
      }
      cpu.Pace(tick, DrainPage(&cpu));
      has_more = has_more || cpu.IsNearlyDue(tick);
    }
  }
}

// Moves one page into the pool, which has room.
CpuReader::Result TraceReader::Core::DrainPage(CpuReader* cpu) {
  uint32_t length = 0;
  const CpuReader::Result result = cpu->Read(layout, pool.Room(), &length);
  if (result != CpuReader::Result::kFull && result != CpuReader::Result::kPart) return result;
  pool.Add({FrameHeader::kMagic, static_cast<uint16_t>(FrameKind::kPage), cpu->cpu(), cpu->NextSequence(),
            length, 0, 0});
  pages++;
  return result;
}

// Until all CPUs are empty, or caught up with while events are still written. What cannot be read after many
// tries is left; it stands as `entries` in the CPU's stats.
void TraceReader::Core::DrainToEnd() {
  const bool is_tracing = ReadWholeFile(instance + "/tracing_on").rfind("1", 0) == 0;
  std::vector<bool> are_done(cpus.size());
  for (CpuReader& cpu : cpus) cpu.BeginTurn();
  for (int retries = 0; retries < kMostRetries && state != State::kClosed; retries++) {
    bool is_unsure = false;
    while (DrainPass(is_tracing, &are_done, &is_unsure)) is_unsure = false;
    if (!is_unsure) return;
    writer.Wait(false, kRetryWait);
  }
}

// A page of each CPU that is not done; false if none gave one.
bool TraceReader::Core::DrainPass(bool is_tracing, std::vector<bool>* are_done, bool* is_unsure) {
  bool has_more = false;
  for (size_t i = 0; i < cpus.size(); i++) {
    if ((*are_done)[i]) continue;
    if (!MakeRoom()) return false;
    const CpuReader::Result result = DrainPage(&cpus[i]);
    const bool is_part = result == CpuReader::Result::kPart;
    has_more = has_more || result == CpuReader::Result::kFull || is_part;
    *is_unsure = *is_unsure || result == CpuReader::Result::kRetry;
    (*are_done)[i] = is_tracing && cpus[i].HasCaughtUp(result) && result != CpuReader::Result::kRetry;
  }
  return has_more;
}

void TraceReader::Core::SendEnds() {
  for (CpuReader& cpu : cpus) Send(FrameKind::kEndOfCpu, cpu.cpu(), cpu.NextSequence(), cpu.ReadStats());
  Send(FrameKind::kEndOfStream, 0, 0, "");
}

void TraceReader::Core::Send(FrameKind kind, uint16_t cpu, uint64_t sequence, const std::string& text) {
  if (!MakeRoom()) return;
  const size_t length = std::min<size_t>(text.size(), layout.page_size);
  std::memcpy(pool.Room(), text.data(), length);
  pool.Add(
      {FrameHeader::kMagic, static_cast<uint16_t>(kind), cpu, sequence, static_cast<uint32_t>(length), 0, 0});
}

// As much as the other end takes without a wait.
void TraceReader::Core::ShipUntilDue() {
  while (!pool.is_empty() && writer.Wait(true, std::chrono::milliseconds(0))) {
    Ship();
    if (pool.is_empty()) return;  // without a look at the clock
    if (state != State::kRunning || NextDue() <= Now()) return;
  }
}

// Unless closed meanwhile.
void TraceReader::Core::ShipAll() {
  while (!pool.is_empty() && state != State::kClosed) {
    if (writer.Wait(true, FrameWriter::kForEver)) Ship();
  }
}

// False if closed meanwhile.
bool TraceReader::Core::MakeRoom() {
  while (pool.Room() == nullptr && state != State::kClosed) {
    if (writer.Wait(true, FrameWriter::kForEver)) Ship();
  }
  return state != State::kClosed;
}

void TraceReader::Core::Ship() {
  const FramePool::Bytes front = pool.Front();
  const size_t written = writer.Write(front.begin, std::min(front.length, kMostWritten));
  pool.Remove(written);
  bytes += written;
}

// Until a CPU is due, because of the time or because its ring buffer has become half full, or something can
// be written that waits for it.
void TraceReader::Core::Sleep() {
  if (state != State::kRunning) return;
  const auto due = begin + static_cast<int64_t>(NextDue()) * interval;
  const std::chrono::nanoseconds longest = due - std::chrono::steady_clock::now();
  if (longest.count() <= 0) return;
  std::vector<pollfd> polled;
  for (const CpuReader& cpu : cpus) polled.push_back({cpu.poll_fd(), POLLIN, 0});
  writer.Wait(!pool.is_empty(), std::chrono::ceil<std::chrono::milliseconds>(longest), &polled);
  for (size_t i = 0; i < cpus.size(); i++) {
    if (polled[i].revents != 0) cpus[i].Hurry();
  }
}

// The tick.
uint64_t TraceReader::Core::Now() const {
  return static_cast<uint64_t>((std::chrono::steady_clock::now() - begin) / interval);
}

uint64_t TraceReader::Core::NextDue() const {
  uint64_t next = UINT64_MAX;
  for (const CpuReader& cpu : cpus) next = std::min(next, cpu.due());
  return next;
}

void TraceReader::Core::KeepError() {
  const std::lock_guard lock(mutex);
  if (!error) error = std::current_exception();
}

TraceReaderStats TraceReader::Core::Stats() {
  const std::lock_guard lock(mutex);
  return {pages, bytes, blocked, error, is_complete};
}

// Never back: what is closed stays so.
void TraceReader::Core::Change(State to) {
  State from = state;
  while (from < to && !state.compare_exchange_weak(from, to)) continue;
  writer.Wake();
}

TraceReader::TraceReader(const TraceReaderOptions& options) : core_(std::make_shared<Core>(options)) {}

void TraceReader::Start() {
  if (core_) threads_.Spawn("fct-drain", [core = core_] { core->Run(); });
}

void TraceReader::Stop(std::function<void()> done) {
  if (core_) core_->Change(Core::State::kStopping);
  threads_.WhenAllEnded(std::move(done));
}

void TraceReader::Close() {
  if (!core_) return;
  core_->Change(Core::State::kClosed);
  if (!threads_.WaitForAll(kCloseWait)) return;
  last_ = core_->Stats();
  core_.reset();
}

TraceReaderStats TraceReader::Stats() const { return core_ ? core_->Stats() : last_; }

}  // namespace fct
