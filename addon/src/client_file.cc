#include "client_file.h"

#include <sys/stat.h>

#include <utility>

namespace fct {

ClientFile::ClientFile(int directory, std::string name, int flags)
    : name_(std::move(name)), fd_(::openat(directory, name_.c_str(), flags | O_CLOEXEC, 0666)) {
  Check(fd_.is_open(), "open", name_);
}

size_t ClientFile::Read(void* into, size_t length, uint64_t at) const {
  const ssize_t read = ::pread(fd(), into, length, static_cast<off_t>(at));
  Check(read >= 0, "read", name_);
  return static_cast<size_t>(read);
}

void ClientFile::Write(const void* from, size_t length, uint64_t at) const {
  Check(::pwrite(fd(), from, length, static_cast<off_t>(at)) >= 0, "write", name_);
}

uint64_t ClientFile::Size() const {
  struct stat status = {};
  Check(::fstat(fd(), &status) == 0, "fstat", name_);
  return static_cast<uint64_t>(status.st_size);
}

void ClientFile::Resize(uint64_t size) const {
  Check(::ftruncate(fd(), static_cast<off_t>(size)) == 0, "ftruncate", name_);
}

void ClientFile::Close() { Check(::close(fd_.Release()) == 0, "close", name_); }

}  // namespace fct
