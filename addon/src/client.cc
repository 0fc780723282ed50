#include "client.h"

#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace fct {
namespace {

std::mt19937_64 MakeRandom(uint64_t seed, uint32_t number) {
  std::seed_seq sequence{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), number};
  return std::mt19937_64(sequence);
}

}  // namespace

Client::Client(int directory, uint32_t number, uint64_t seed, uint64_t size, const FileChoice& choice)
    : directory_(directory),
      number_(number),
      size_(size),
      choice_(choice),
      random_(MakeRandom(seed, number)),
      blocks_(static_cast<uint8_t*>(std::aligned_alloc(kBlock, 2 * kBlock))) {
  if (!blocks_) throw std::bad_alloc();
  std::memset(blocks_.get(), 'a' + static_cast<int>(number % 26), kBlock);
}

void Client::Ensure(const std::string& name) const {
  struct stat status = {};
  const bool is_there = ::fstatat(directory_, name.c_str(), &status, 0) == 0;
  if (!is_there || static_cast<uint64_t>(status.st_size) < size_) Fill(name, O_CREAT);
}

void Client::Fill(const std::string& name, int flags) const {
  ClientFile file = Open(name, O_WRONLY | flags);
  for (uint64_t at = 0; at < size_; at += kBlock) {
    file.Write(data(), std::min<uint64_t>(kBlock, size_ - at), at);
  }
  file.Close();
}

}  // namespace fct
