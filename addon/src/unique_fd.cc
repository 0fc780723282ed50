#include "unique_fd.h"

namespace fct {

std::string ReadWholeFile(const std::string& path) {
  const UniqueFd fd = OpenFile(path, O_RDONLY);
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t length = ::read(fd.get(), buffer, sizeof buffer);
    if (length == 0) return text;
    if (length > 0) {
      text.append(buffer, static_cast<size_t>(length));
    } else if (errno != EINTR) {
      throw ErrnoError(errno, "read", path);
    }
  }
}

}  // namespace fct
