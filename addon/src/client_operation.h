// The operations of a client thread, each as an application would do it. Where the next one goes: a function
// in the file of its group, a line in the table, a name in client-load.ts.
#ifndef FCT_CLIENT_OPERATION_H
#define FCT_CLIENT_OPERATION_H

#include <cstddef>
#include <iterator>
#include <string>

#include "client.h"

namespace fct {

// Does it to the file of that name, once. Throws ErrnoError.
using RunOperation = void(Client* client, const std::string& name);

namespace operations {
// client_data_operations.cc
RunOperation Read, Scan, Write, Append, Truncate, Copy;
// client_map_operation.cc
RunOperation Map;
// client_name_operations.cc
RunOperation Unlink, Rename, Link;
// client_lock_operations.cc
RunOperation Lease, Lock;
}  // namespace operations

struct Operation {
  const char* name;
  RunOperation* run;
};

constexpr Operation kOperations[] = {
    {"read", operations::Read},      // open with O_DIRECT, so that the server is asked; a block; close
    {"scan", operations::Scan},      // all of it through the page cache, whose read-ahead asks in parallel
    {"write", operations::Write},    // open, a block, close (which an NFS client flushes)
    {"append", operations::Append},  // open with O_APPEND, write; cut back once the file has doubled
    {"truncate", operations::Truncate},  // cut to a drawn length, then back to its size
    {"copy", operations::Copy},          // copy_file_range over another file
    {"mmap", operations::Map},           // map a block, read or write it by page faults, msync, unmap
    {"unlink", operations::Unlink},      // unlink, create anew
    {"rename", operations::Rename},      // create a temporary file, rename it over
    {"link", operations::Link},          // a hard link beside it; stat and unlink that
    {"lease", operations::Lease},        // F_SETLEASE, hold until it is broken or for some milliseconds, drop
    {"lock", operations::Lock},          // an OFD or POSIX lock on a block, around a read or a write of it
};
constexpr size_t kOperationCount = std::size(kOperations);

}  // namespace fct

#endif  // FCT_CLIENT_OPERATION_H
