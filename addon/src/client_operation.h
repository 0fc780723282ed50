// The operations of a client thread, each as an application would do it.
#ifndef FCT_CLIENT_OPERATION_H
#define FCT_CLIENT_OPERATION_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "trace_decode_array.h"

namespace fct {

enum class Operation : size_t {
  kRead,    // open with O_DIRECT, so that the server is asked, pread 4 KiB, close
  kWrite,   // open, pwrite 4 KiB, close (which an NFS client flushes)
  kAppend,  // open with O_APPEND, write; cut back to `size` once it has doubled
  kUnlink,  // unlink, create anew
  kRename,  // create a temporary file, rename it over
};
constexpr size_t kOperations = 5;

// In the order of Operation: "read", "write", "append", "unlink", "rename".
extern const char* const kOperationNames[kOperations];

class Client {
 public:
  // `directory` is an open descriptor, which the caller keeps open; `number` tells the threads of a load
  // apart.
  Client(int directory, uint32_t number, uint32_t files, uint64_t size, uint64_t seed);

  // Creates those of the files that are this thread's to create, where they are missing. Throws ErrnoError.
  void Prepare(uint32_t threads);
  // Does it to a file drawn at random. Throws ErrnoError.
  void Do(Operation operation);
  uint64_t Draw(uint64_t below) { return random_() % below; }

 private:
  void Read(const std::string& name);
  void Write(const std::string& name);
  void Append(const std::string& name);
  void Unlink(const std::string& name);
  void Rename(const std::string& name);
  void Fill(const std::string& name, int flags);
  uint64_t DrawOffset();

  int directory_;
  uint32_t number_;
  uint32_t files_;
  uint64_t size_;
  std::mt19937_64 random_;
  std::unique_ptr<uint8_t, FreeMemory> block_;  // aligned for O_DIRECT
};

}  // namespace fct

#endif  // FCT_CLIENT_OPERATION_H
