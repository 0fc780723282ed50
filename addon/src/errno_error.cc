#include "errno_error.h"

#include <cctype>
#include <cstring>
#include <utility>

namespace fct {
namespace {

std::string Describe(int number) {
  const char* text = strerrordesc_np(number);
  std::string description = text == nullptr ? "unknown error" : text;
  description[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(description[0])));
  return description;
}

}  // namespace

std::string NameOfErrno(int number) {
  const char* name = strerrorname_np(number);
  return name == nullptr ? "E" + std::to_string(number) : name;
}

ErrnoError::ErrnoError(int number, const char* syscall, std::string path)
    : number_(number), code_(NameOfErrno(number)), syscall_(syscall), path_(std::move(path)) {
  message_ = code_ + ": " + Describe(number) + ", " + syscall_;
  if (!path_.empty()) message_ += " '" + path_ + "'";
}

}  // namespace fct
