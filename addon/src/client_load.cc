#include "client_load.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <numeric>

namespace fct {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kCloseWait{1000};
constexpr char kPreparing[] = "prepare";

}  // namespace

struct ClientLoad::Core {
  explicit Core(const ClientLoadOptions& chosen)
      : options(chosen),
        total_weight(std::accumulate(chosen.mix.begin(), chosen.mix.end(), uint64_t{0})),
        choice(chosen.files, chosen.zipf),
        in_flight(chosen.threads) {}

  void Run(uint32_t thread, std::shared_ptr<const UniqueFd> directory);
  void Prepare(uint32_t thread, Client* client);
  void Work(uint32_t thread, Client* client);
  template <typename Act>
  bool Attempt(uint32_t thread, const char* operation, const std::string& file, Act act);
  size_t DrawOperation(Client* client) const;
  bool WaitForTurn(Clock::time_point start, uint64_t turn);
  void End();

  const ClientLoadOptions options;
  const uint64_t total_weight;
  const FileChoice choice;
  InFlight in_flight;
  ClientErrors errors;
  std::array<std::atomic<uint64_t>, kOperationCount> operations{};
  std::atomic<bool> is_ending{false};
  std::mutex mutex;  // of is_ending becoming true
  std::condition_variable ending;
};

// The descriptor is shared, so that a thread that hangs keeps it, and the last to let go of it closes it.
void ClientLoad::Core::Run(uint32_t thread, std::shared_ptr<const UniqueFd> directory) {
  Client client(directory->get(), thread, options.seed, options.size, choice);
  Prepare(thread, &client);
  Work(thread, &client);
}

// Each thread creates some of the files.
void ClientLoad::Core::Prepare(uint32_t thread, Client* client) {
  for (uint32_t file = thread; file < options.files && !is_ending; file += options.threads) {
    const std::string name = Client::NameOf(file);
    Attempt(thread, kPreparing, name, [&] { client->Ensure(name); });
  }
}

void ClientLoad::Core::Work(uint32_t thread, Client* client) {
  const Clock::time_point start = Clock::now();
  for (uint64_t turn = 0; WaitForTurn(start, turn); turn++) {
    const size_t drawn = DrawOperation(client);
    const std::string file = client->DrawFile();
    const Operation& operation = kOperations[drawn];
    if (Attempt(thread, operation.name, file, [&] { operation.run(client, file); })) operations[drawn]++;
  }
}

// An error is counted, and ends the load only if nothing explains it: a server under torture may well answer
// ESTALE.
template <typename Act>
bool ClientLoad::Core::Attempt(uint32_t thread, const char* operation, const std::string& file, Act act) {
  in_flight.Begin(thread, operation, file);
  bool is_done = false;
  try {
    act();
    is_done = true;
  } catch (const ErrnoError& error) {
    errors.Count(thread, operation, error);
    if (!IsExpected(error)) End();
  }
  in_flight.End(thread);
  return is_done;
}

size_t ClientLoad::Core::DrawOperation(Client* client) const {
  uint64_t drawn = client->Draw(total_weight);
  size_t operation = 0;
  while (drawn >= options.mix[operation]) drawn -= options.mix[operation++];
  return operation;
}

// Turns have fixed times, so that delays do not add up: who was late is in time again as soon as it can.
// False: there are no more turns.
bool ClientLoad::Core::WaitForTurn(Clock::time_point start, uint64_t turn) {
  if (options.rate == 0) return !is_ending;
  const std::chrono::duration<double> since_start(static_cast<double>(turn) / options.rate);
  const auto due = start + std::chrono::duration_cast<Clock::duration>(since_start);
  std::unique_lock lock(mutex);
  return !ending.wait_until(lock, due, [&] { return is_ending.load(); });
}

void ClientLoad::Core::End() {
  {
    const std::lock_guard lock(mutex);
    is_ending = true;
  }
  ending.notify_all();
}

ClientLoad::ClientLoad(const ClientLoadOptions& options)
    : core_(std::make_shared<Core>(options)),
      directory_(std::make_shared<const UniqueFd>(OpenFile(options.directory, O_RDONLY | O_DIRECTORY))) {}

void ClientLoad::Start() {
  for (uint32_t thread = 0; thread < core_->options.threads; thread++) {
    threads_.Spawn("fct-client", [core = core_, directory = directory_, thread]() mutable {
      core->Run(thread, std::move(directory));
    });
  }
}

void ClientLoad::Stop(std::function<void()> done) {
  core_->End();
  directory_.reset();  // threads hold it until they end; an open directory would keep its file system busy
  threads_.WhenAllEnded(std::move(done));
}

void ClientLoad::Close() {
  core_->End();
  threads_.WaitForAll(kCloseWait);
  directory_.reset();
}

ClientLoadStats ClientLoad::Stats() const {
  ClientLoadStats stats;
  for (size_t i = 0; i < kOperationCount; i++) stats.operations[i] = core_->operations[i];
  stats.errors = core_->errors.counts();
  stats.unexpected = core_->errors.unexpected();
  stats.stuck = core_->in_flight.List(is_abandoned_ ? std::chrono::milliseconds{0} : core_->options.deadline);
  return stats;
}

}  // namespace fct
