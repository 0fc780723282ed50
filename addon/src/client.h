// What a client thread has of its own: its random numbers, its block of data, its names.
#ifndef FCT_CLIENT_H
#define FCT_CLIENT_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>

#include "client_file.h"
#include "file_choice.h"

namespace fct {

// What operations read and write at once, at multiples of it.
constexpr size_t kBlock = 4096;

class Client {
 public:
  // `directory` is an open descriptor, which the caller keeps open, and `choice` the caller's, too; `number`
  // tells the threads of a load apart, `size` is of a file, in bytes.
  Client(int directory, uint32_t number, uint64_t seed, uint64_t size, const FileChoice& choice);

  int directory() const { return directory_; }
  uint64_t size() const { return size_; }
  // kBlock bytes each, aligned for O_DIRECT: what is written, full of this thread's letter, and where reads
  // go.
  const uint8_t* data() const { return blocks_.get(); }
  uint8_t* scratch() const { return blocks_.get() + kBlock; }
  // Bytes of a block within the file's size.
  size_t length() const { return std::min<uint64_t>(kBlock, size_); }
  // A name that no other thread of the load uses.
  std::string OwnName(const char* prefix) const { return prefix + std::to_string(number_); }

  uint64_t Draw(uint64_t below) { return random_() % below; }
  bool DrawBit() { return Draw(2) == 1; }
  std::string DrawFile() { return NameOf(choice_.Draw(&random_)); }
  // Where a block of the file begins.
  uint64_t DrawOffset() { return size_ <= kBlock ? 0 : Draw(size_ / kBlock) * kBlock; }

  ClientFile Open(const std::string& name, int flags) const { return {directory_, name, flags}; }
  // Creates the file unless it is there and has its size. Throws ErrnoError.
  void Ensure(const std::string& name) const;
  // Opens with `flags`, writes the file full and closes it. Throws ErrnoError.
  void Fill(const std::string& name, int flags) const;

  static std::string NameOf(uint32_t file) { return "f" + std::to_string(file); }

 private:
  int directory_;
  uint32_t number_;
  uint64_t size_;
  const FileChoice& choice_;
  std::mt19937_64 random_;
  struct FreeMemory {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<uint8_t, FreeMemory> blocks_;
};

}  // namespace fct

#endif  // FCT_CLIENT_H
