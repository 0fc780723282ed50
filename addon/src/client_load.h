// The load of NFS clients: threads that do file operations in one directory. No Node in it.
#ifndef FCT_CLIENT_LOAD_H
#define FCT_CLIENT_LOAD_H

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "client_operation.h"
#include "thread_group.h"
#include "unique_fd.h"

namespace fct {

struct ClientLoadOptions {
  std::string directory;
  uint32_t threads = 1;
  uint32_t files = 1;                       // f0, f1, ... are what all threads work on
  uint64_t seed = 0;                        // each thread draws from (seed, its number)
  uint64_t size = 0;                        // bytes of a file
  std::array<uint32_t, kOperations> mix{};  // weights
  std::chrono::milliseconds deadline{0};
};

struct ClientLoadStats {
  std::array<uint64_t, kOperations> operations{};  // done without an error
  std::map<std::string, uint64_t> errors;          // by name of errno
  uint32_t stuck_threads = 0;                      // in one operation for longer than the deadline
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
  // As Stop(), but leaves threads behind that hang in the kernel.
  void Close();
  ClientLoadStats Stats() const;

 private:
  struct Core;

  ThreadGroup threads_;
  std::shared_ptr<Core> core_;  // the threads hold it as well
  std::shared_ptr<const UniqueFd> directory_;
};

}  // namespace fct

#endif  // FCT_CLIENT_LOAD_H
