#include "trace_reader.h"

#include <algorithm>
#include <cstring>

#include "crc32.h"

namespace fct {
namespace {

constexpr std::chrono::milliseconds kCloseWait{1000};
// Passes of the final drain that may find a buffer neither readable nor empty; about as many ms.
constexpr int kMostRetries = 200;

}  // namespace

// The drainer reads pages into frames of the pool, the writer ships them; both run until Stop() or Close().
struct TraceReader::Core {
  explicit Core(const TraceReaderOptions& options)
      : instance(options.instance),
        interval(options.interval),
        layout(ParseHeaderPage(ReadWholeFile(options.instance + "/events/header_page"), 0)),
        cpus(OpenCpus(options.instance)),
        pool(options.pool_bytes, layout.page_size),
        writer(options.fd) {}

  enum class State { kRunning, kStopping, kClosed };

  void Drain();
  void DrainTick();
  bool DrainPage(CpuReader* cpu, bool wait);
  void DrainToEnd();
  bool DrainPass(bool is_tracing, bool* is_unsure);
  void SendEnds();
  void Send(FrameKind kind, uint16_t cpu, uint64_t sequence, const std::string& text);
  void Write();
  bool ShipFrames();
  void KeepError();
  bool HasFailed();
  TraceReaderStats Stats();
  void Change(State to);
  bool WaitForTick();

  const std::string instance;
  const std::chrono::milliseconds interval;
  const PageLayout layout;
  std::vector<CpuReader> cpus;
  FramePool pool;
  FrameWriter writer;

  std::atomic<uint64_t> pages{0};
  std::atomic<uint64_t> bytes{0};
  std::atomic<uint64_t> blocked{0};
  std::atomic<bool> is_complete{false};
  uint64_t tick = 0;
  CpuReader::Result last_result = CpuReader::Result::kEmpty;

  std::mutex mutex;
  std::condition_variable changed;
  State state = State::kRunning;
  std::exception_ptr error;
};

void TraceReader::Core::Drain() {
  try {
    while (WaitForTick()) DrainTick();
    DrainToEnd();
    SendEnds();
  } catch (...) {
    KeepError();
  }
  pool.Finish();
  for (CpuReader& cpu : cpus) cpu.Close();
}

// Until a CPU is due. False when there is nothing more to do on the timer.
bool TraceReader::Core::WaitForTick() {
  pool.Flush();
  uint64_t next = UINT64_MAX;
  for (const CpuReader& cpu : cpus) next = std::min(next, cpu.due());
  const uint64_t ticks = next > tick ? next - tick : 1;
  tick += ticks;
  std::unique_lock lock(mutex);
  return !changed.wait_for(lock, ticks * interval, [&] { return state != State::kRunning; });
}

// Takes turns over the CPUs, a page each, so that a busy one does not make another overrun.
void TraceReader::Core::DrainTick() {
  for (bool has_more = true; has_more;) {
    has_more = false;
    for (CpuReader& cpu : cpus) {
      if (cpu.due() > tick) continue;
      if (!DrainPage(&cpu, false)) {
        blocked++;
        return;
      }
      cpu.Pace(tick, last_result);
      has_more = has_more || last_result == CpuReader::Result::kFull;
    }
    const std::lock_guard lock(mutex);
    if (state != State::kRunning) return;
  }
}

// Moves one page into the pool; last_result says what came. False if the pool had no room, or was closed.
bool TraceReader::Core::DrainPage(CpuReader* cpu, bool wait) {
  const Frame* frame = pool.Acquire(wait);
  if (frame == nullptr) return false;
  uint32_t length = 0;
  last_result = cpu->Read(layout, frame->data(), &length);
  if (last_result != CpuReader::Result::kFull && last_result != CpuReader::Result::kPart) return true;
  *frame->header() = {FrameHeader::kMagic,
                      static_cast<uint16_t>(FrameKind::kPage),
                      cpu->cpu(),
                      cpu->NextSequence(),
                      length,
                      0,
                      0};
  pool.Publish();
  return true;
}

// Until all CPUs are empty. What cannot be read after many tries is left; it stands as `entries` in the CPU's
// stats.
void TraceReader::Core::DrainToEnd() {
  const bool is_tracing = ReadWholeFile(instance + "/tracing_on").rfind("1", 0) == 0;
  for (int retries = 0; retries < kMostRetries; retries++) {
    bool is_unsure = false;
    while (DrainPass(is_tracing, &is_unsure)) is_unsure = false;
    if (!is_unsure) return;
    pool.Flush();
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::milliseconds(1), [&] { return state == State::kClosed; });
  }
}

// While events are still written, a page that is partly filled is the last one.
bool TraceReader::Core::DrainPass(bool is_tracing, bool* is_unsure) {
  bool has_more = false;
  for (CpuReader& cpu : cpus) {
    if (!DrainPage(&cpu, true)) return false;
    const bool is_part = last_result == CpuReader::Result::kPart;
    has_more = has_more || last_result == CpuReader::Result::kFull || (is_part && !is_tracing);
    *is_unsure = *is_unsure || last_result == CpuReader::Result::kRetry;
  }
  return has_more;
}

void TraceReader::Core::SendEnds() {
  for (CpuReader& cpu : cpus) Send(FrameKind::kEndOfCpu, cpu.cpu(), cpu.NextSequence(), cpu.ReadStats());
  Send(FrameKind::kEndOfStream, 0, 0, "");
}

void TraceReader::Core::Send(FrameKind kind, uint16_t cpu, uint64_t sequence, const std::string& text) {
  const Frame* frame = pool.Acquire(true);
  if (frame == nullptr) return;
  const size_t length = std::min<size_t>(text.size(), layout.page_size);
  std::memcpy(frame->data(), text.data(), length);
  *frame->header() = {
      FrameHeader::kMagic, static_cast<uint16_t>(kind), cpu, sequence, static_cast<uint32_t>(length), 0, 0};
  pool.Publish();
}

void TraceReader::Core::Write() {
  try {
    if (ShipFrames()) is_complete = !HasFailed();
  } catch (...) {
    KeepError();
    Change(State::kClosed);
  }
  writer.Close();
}

// False if it was ended before the last frame.
bool TraceReader::Core::ShipFrames() {
  while (const Frame* frame = pool.Next()) {
    FrameHeader* header = frame->header();
    header->crc32 = Crc32(frame->data(), header->length);
    const size_t length = sizeof *header + header->length;
    if (!writer.Write(frame->bytes, length)) return false;
    pages += header->kind == static_cast<uint16_t>(FrameKind::kPage);
    bytes += length;
    pool.Release();
  }
  return !pool.is_closed();
}

void TraceReader::Core::KeepError() {
  const std::lock_guard lock(mutex);
  if (!error) error = std::current_exception();
}

bool TraceReader::Core::HasFailed() {
  const std::lock_guard lock(mutex);
  return error != nullptr;
}

TraceReaderStats TraceReader::Core::Stats() {
  const std::lock_guard lock(mutex);
  return {pages, bytes, blocked, error, is_complete};
}

// Never back: what is closed stays so.
void TraceReader::Core::Change(State to) {
  const std::lock_guard lock(mutex);
  if (state < to) state = to;
  changed.notify_all();
  if (state != State::kClosed) return;
  pool.Close();
  writer.Cancel();
}

TraceReader::TraceReader(const TraceReaderOptions& options) : core_(std::make_shared<Core>(options)) {}

void TraceReader::Start() {
  if (!core_) return;
  threads_.Spawn("fct-drain", [core = core_] { core->Drain(); });
  try {
    threads_.Spawn("fct-ship", [core = core_] { core->Write(); });
  } catch (...) {
    Close();
    throw;
  }
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
