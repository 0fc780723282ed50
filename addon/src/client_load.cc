#include "client_load.h"

#include <atomic>
#include <numeric>

#include "unique_fd.h"

namespace fct {
namespace {

constexpr std::chrono::milliseconds kCloseWait{1000};
constexpr size_t kErrnos = 256;  // Linux has about 130

int64_t NowMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

struct ClientLoad::Core {
  explicit Core(const ClientLoadOptions& chosen)
      : options(chosen),
        total_weight(std::accumulate(chosen.mix.begin(), chosen.mix.end(), uint64_t{0})),
        began(new std::atomic<int64_t>[chosen.threads]) {
    for (uint32_t thread = 0; thread < options.threads; thread++) began[thread] = kIdle;
  }

  static constexpr int64_t kIdle = 0;

  void Run(uint32_t thread, std::shared_ptr<const UniqueFd> directory);
  template <typename Work>
  bool Attempt(uint32_t thread, Work work);
  Operation DrawOperation(Client* client) const;
  uint32_t CountStuck() const;

  const ClientLoadOptions options;
  const uint64_t total_weight;
  std::atomic<bool> is_stopping{false};
  std::array<std::atomic<uint64_t>, kOperations> operations{};
  std::array<std::atomic<uint64_t>, kErrnos> errors{};
  std::unique_ptr<std::atomic<int64_t>[]> began;  // by thread: steady time, ms, at which its operation began
};

// The descriptor is shared, so that a thread that hangs keeps it, and the last to let go of it closes it.
void ClientLoad::Core::Run(uint32_t thread, std::shared_ptr<const UniqueFd> directory) {
  Client client(directory->get(), thread, options.files, options.size, options.seed);
  Attempt(thread, [&] { client.Prepare(options.threads); });
  while (!is_stopping) {
    const Operation operation = DrawOperation(&client);
    if (Attempt(thread, [&] { client.Do(operation); })) operations[static_cast<size_t>(operation)]++;
  }
}

// Errors are counted and never end the load: a server under torture may well answer ESTALE.
template <typename Work>
bool ClientLoad::Core::Attempt(uint32_t thread, Work work) {
  began[thread] = NowMs();
  bool is_done = false;
  try {
    work();
    is_done = true;
  } catch (const ErrnoError& error) {
    errors[static_cast<size_t>(error.number()) % kErrnos]++;
  }
  began[thread] = kIdle;
  return is_done;
}

Operation ClientLoad::Core::DrawOperation(Client* client) const {
  uint64_t drawn = client->Draw(total_weight);
  size_t operation = 0;
  while (drawn >= options.mix[operation]) drawn -= options.mix[operation++];
  return static_cast<Operation>(operation);
}

uint32_t ClientLoad::Core::CountStuck() const {
  const int64_t now = NowMs();
  uint32_t stuck = 0;
  for (uint32_t thread = 0; thread < options.threads; thread++) {
    const int64_t since = began[thread];
    stuck += since != kIdle && now - since >= options.deadline.count();
  }
  return stuck;
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
  core_->is_stopping = true;
  directory_.reset();  // threads hold it until they end; an open directory would keep its file system busy
  threads_.WhenAllEnded(std::move(done));
}

void ClientLoad::Close() {
  core_->is_stopping = true;
  threads_.WaitForAll(kCloseWait);
  directory_.reset();
}

ClientLoadStats ClientLoad::Stats() const {
  ClientLoadStats stats;
  for (size_t i = 0; i < kOperations; i++) stats.operations[i] = core_->operations[i];
  for (size_t i = 0; i < kErrnos; i++) {
    if (core_->errors[i] > 0) stats.errors[NameOfErrno(static_cast<int>(i))] = core_->errors[i];
  }
  stats.stuck_threads = core_->CountStuck();
  return stats;
}

}  // namespace fct
