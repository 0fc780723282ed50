// A failed system call, in C++. js_error.h makes of it what Node's own errors look like.
#ifndef FCT_ERRNO_ERROR_H
#define FCT_ERRNO_ERROR_H

#include <exception>
#include <string>

namespace fct {

class ErrnoError : public std::exception {
 public:
  // `number` as in errno, positive. `path` may be empty.
  ErrnoError(int number, const char* syscall, std::string path);

  // "ENOENT: no such file or directory, open '/dev/fctorture'", as Node words it.
  const char* what() const noexcept override { return message_.c_str(); }
  int number() const { return number_; }
  const std::string& code() const { return code_; }
  const std::string& syscall() const { return syscall_; }
  const std::string& path() const { return path_; }

 private:
  int number_;
  std::string code_;
  std::string syscall_;
  std::string path_;
  std::string message_;
};

// "ENOENT"; "E<number>" for a number that glibc has no name for. Unlike libuv's table it knows ESTALE, which
// NFS answers.
std::string NameOfErrno(int number);

}  // namespace fct

#endif  // FCT_ERRNO_ERROR_H
