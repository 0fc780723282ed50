// The load of NFS clients: threads that do file operations in one directory. No Node in it.
#ifndef FCT_CLIENT_LOAD_H
#define FCT_CLIENT_LOAD_H

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client_errors.h"
#include "client_operation.h"
#include "in_flight.h"
#include "thread_group.h"
#include "unique_fd.h"

namespace fct {

struct ClientLoadOptions {
  std::string directory;
  uint32_t threads = 1;
  uint32_t files = 1;                           // f0, f1, ... are what all threads work on
  double zipf = 0;                              // how they are chosen, see FileChoice
  uint64_t seed = 0;                            // each thread draws from (seed, its number)
  uint64_t size = 0;                            // bytes of a file
  std::array<uint32_t, kOperationCount> mix{};  // weights, in the order of kOperations
  double rate = 0;                              // most operations a second of each thread; 0: no limit
  std::chrono::milliseconds deadline{0};
};

struct ClientLoadStats {
  std::array<uint64_t, kOperationCount> operations{};  // done without an error, in the order of kOperations
  ClientErrors::Counts errors;
  std::optional<UnexpectedError> unexpected;  // what ended the load
  std::vector<OperationInFlight> stuck;       // for longer than the deadline; once abandoned, all there are
};

class ClientLoad {
 public:
  // Throws ErrnoError if the directory cannot be opened.
  explicit ClientLoad(const ClientLoadOptions& options);
  ~ClientLoad() { Close(); }

  // Once.
  void Start();
  // Ends each thread after its operation; calls `done` once, from the last thread.
  void Stop(std::function<void()> done);
  // After Stop(): the threads that have not ended by now count as stuck.
  void Abandon() { is_abandoned_ = true; }
  // As Stop(), but leaves threads behind that hang in the kernel.
  void Close();
  ClientLoadStats Stats() const;

 private:
  struct Core;

  ThreadGroup threads_;
  std::shared_ptr<Core> core_;  // the threads hold it as well
  std::shared_ptr<const UniqueFd> directory_;
  bool is_abandoned_ = false;
};

}  // namespace fct

#endif  // FCT_CLIENT_LOAD_H
