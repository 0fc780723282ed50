#include "file_source.h"

#include <sys/stat.h>

#include "trace_decode_error.h"

namespace fct {

FileSource::FileSource(const std::string& path) : path_(path), fd_(OpenFile(path, O_RDONLY)) {
  struct stat status = {};
  if (::fstat(fd_.get(), &status) < 0) throw ErrnoError(errno, "fstat", path);
  if (S_ISDIR(status.st_mode)) throw ErrnoError(EISDIR, "read", path);
  size_ = static_cast<uint64_t>(status.st_size);
}

void FileSource::Read(uint64_t offset, void* to, size_t length) const {
  auto* at = static_cast<uint8_t*>(to);
  while (length > 0) {
    const ssize_t got = ::pread(fd_.get(), at, length, static_cast<off_t>(offset));
    if (got == 0) throw DecodeError("TRUNCATED", offset, "the file has become shorter");
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw ErrnoError(errno, "read", path_);
    at += got;
    offset += static_cast<uint64_t>(got);
    length -= static_cast<size_t>(got);
  }
}

}  // namespace fct
