// A file that a client has open.
#ifndef FCT_CLIENT_FILE_H
#define FCT_CLIENT_FILE_H

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include "errno_error.h"
#include "unique_fd.h"

namespace fct {

// Throws ErrnoError for a system call that has just failed.
inline void Check(bool is_done, const char* syscall, const std::string& file) {
  if (!is_done) throw ErrnoError(errno, syscall, file);
}

// Every method throws ErrnoError with the name of the file.
class ClientFile {
 public:
  // `name` in `directory`; `flags` as for open().
  ClientFile(int directory, std::string name, int flags);

  int fd() const { return fd_.get(); }
  const std::string& name() const { return name_; }
  // How many bytes there were, 0 behind the end.
  size_t Read(void* into, size_t length, uint64_t at) const;
  // As write() does, a part may be all that is written.
  void Write(const void* from, size_t length, uint64_t at) const;
  uint64_t Size() const;
  void Resize(uint64_t size) const;
  // An NFS client reports failed writes here, so who has written closes by this; the destructor tells
  // nothing.
  void Close();

 private:
  std::string name_;
  UniqueFd fd_;
};

}  // namespace fct

#endif  // FCT_CLIENT_FILE_H
