#include "client_operation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include "unique_fd.h"

namespace fct {
namespace {

constexpr size_t kBlock = 4096;
constexpr size_t kAppended = 512;

// The failures below carry no path: they are counted by errno, in the middle of a run that goes on.
void Check(bool is_done, const char* syscall) {
  if (!is_done) throw ErrnoError(errno, syscall, "");
}

UniqueFd Open(int directory, const std::string& name, int flags) {
  UniqueFd fd(::openat(directory, name.c_str(), flags | O_CLOEXEC, 0666));
  Check(fd.is_open(), "open");
  return fd;
}

// An NFS client reports failed writes here.
void CloseChecked(UniqueFd* fd) { Check(::close(fd->Release()) == 0, "close"); }

std::string NameOf(uint64_t file) { return "f" + std::to_string(file); }

std::mt19937_64 MakeRandom(uint64_t seed, uint32_t number) {
  std::seed_seq sequence{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), number};
  return std::mt19937_64(sequence);
}

}  // namespace

const char* const kOperationNames[kOperations] = {"read", "write", "append", "unlink", "rename"};

Client::Client(int directory, uint32_t number, uint32_t files, uint64_t size, uint64_t seed)
    : directory_(directory),
      number_(number),
      files_(files),
      size_(size),
      random_(MakeRandom(seed, number)),
      block_(static_cast<uint8_t*>(std::aligned_alloc(kBlock, kBlock))) {
  if (!block_) throw std::bad_alloc();
  std::memset(block_.get(), 'a' + static_cast<int>(number % 26), kBlock);
}

void Client::Prepare(uint32_t threads) {
  for (uint32_t file = number_; file < files_; file += threads) {
    struct stat status = {};
    const std::string name = NameOf(file);
    const bool is_there = ::fstatat(directory_, name.c_str(), &status, 0) == 0;
    if (!is_there || static_cast<uint64_t>(status.st_size) < size_) Fill(name, O_CREAT);
  }
}

void Client::Do(Operation operation) {
  const std::string name = NameOf(Draw(files_));
  switch (operation) {
    case Operation::kRead:
      return Read(name);
    case Operation::kWrite:
      return Write(name);
    case Operation::kAppend:
      return Append(name);
    case Operation::kUnlink:
      return Unlink(name);
    case Operation::kRename:
      return Rename(name);
  }
}

void Client::Read(const std::string& name) {
  UniqueFd fd(::openat(directory_, name.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  // File systems without O_DIRECT (tmpfs before 6.6) say EINVAL.
  if (!fd.is_open() && errno == EINVAL) fd = Open(directory_, name, O_RDONLY);
  Check(fd.is_open(), "open");
  Check(::pread(fd.get(), block_.get(), kBlock, static_cast<off_t>(DrawOffset())) >= 0, "read");
}

void Client::Write(const std::string& name) {
  UniqueFd fd = Open(directory_, name, O_WRONLY);
  Check(::pwrite(fd.get(), block_.get(), std::min<uint64_t>(kBlock, size_),
                 static_cast<off_t>(DrawOffset())) >= 0,
        "write");
  CloseChecked(&fd);
}

void Client::Append(const std::string& name) {
  UniqueFd fd = Open(directory_, name, O_WRONLY | O_APPEND);
  struct stat status = {};
  Check(::write(fd.get(), block_.get(), kAppended) >= 0, "write");
  Check(::fstat(fd.get(), &status) == 0, "fstat");
  if (static_cast<uint64_t>(status.st_size) > 2 * size_) {
    Check(::ftruncate(fd.get(), static_cast<off_t>(size_)) == 0, "ftruncate");
  }
  CloseChecked(&fd);
}

// Another thread may have been faster with either half; the file is there afterwards in any case.
void Client::Unlink(const std::string& name) {
  Check(::unlinkat(directory_, name.c_str(), 0) == 0 || errno == ENOENT, "unlink");
  Fill(name, O_CREAT);
}

void Client::Rename(const std::string& name) {
  const std::string temporary = "t" + std::to_string(number_);
  Fill(temporary, O_CREAT | O_TRUNC);
  Check(::renameat(directory_, temporary.c_str(), directory_, name.c_str()) == 0, "rename");
}

void Client::Fill(const std::string& name, int flags) {
  UniqueFd fd = Open(directory_, name, O_WRONLY | flags);
  for (uint64_t at = 0; at < size_; at += kBlock) {
    const size_t length = std::min<uint64_t>(kBlock, size_ - at);
    Check(::pwrite(fd.get(), block_.get(), length, static_cast<off_t>(at)) >= 0, "write");
  }
  CloseChecked(&fd);
}

// Of a block of the file, aligned for O_DIRECT.
uint64_t Client::DrawOffset() { return size_ <= kBlock ? 0 : Draw(size_ / kBlock) * kBlock; }

}  // namespace fct
