// What went wrong in a load, and whether it may.
#ifndef FCT_CLIENT_ERRORS_H
#define FCT_CLIENT_ERRORS_H

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "errno_error.h"

namespace fct {

// Names of what fails for ErrnoError, where the same errno means something else than elsewhere.
constexpr char kSetLease[] = "fcntl(F_SETLEASE)";
constexpr char kCopyRange[] = "copy_file_range";
constexpr char kPageFault[] = "page fault";

// Whether races among clients, or a server in trouble, explain it.
bool IsExpected(const ErrnoError& error);

struct UnexpectedError {
  uint32_t thread = 0;
  std::string operation;
  std::string code;  // "EISDIR"
  std::string syscall;
  std::string file;
};

class ClientErrors {
 public:
  // By operation, then by name of errno.
  using Counts = std::map<std::string, std::map<std::string, uint64_t>>;

  // From any thread.
  void Count(uint32_t thread, const char* operation, const ErrnoError& error);
  Counts counts() const;
  // The first one.
  std::optional<UnexpectedError> unexpected() const;

 private:
  mutable std::mutex mutex_;
  Counts counts_;
  std::optional<UnexpectedError> unexpected_;
};

}  // namespace fct

#endif  // FCT_CLIENT_ERRORS_H
