// The operation that works through a mapping.
#include <sys/mman.h>

#include "client_errors.h"
#include "client_operation.h"

namespace fct::operations {
namespace {

class Mapping {
 public:
  // The page of `at`, shared.
  Mapping(const ClientFile& file, uint64_t at) : length_(static_cast<size_t>(::sysconf(_SC_PAGESIZE))) {
    const auto page = static_cast<off_t>(at - at % length_);
    start_ = ::mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd(), page);
    Check(start_ != MAP_FAILED, "mmap", file.name());
  }
  ~Mapping() {
    if (start_ != MAP_FAILED) ::munmap(start_, length_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  void* start() const { return start_; }

  void Sync(const std::string& name) const { Check(::msync(start_, length_, MS_SYNC) == 0, "msync", name); }

  void Unmap(const std::string& name) {
    Check(::munmap(std::exchange(start_, MAP_FAILED), length_) == 0, "munmap", name);
  }

 private:
  size_t length_;
  void* start_;
};

// The kernel touches the mapping for us, on its way to and from a pipe: a page that another thread has just
// cut off, or that the server did not give, is EFAULT there, where our own instructions would get SIGBUS,
// which ends Node. A pipe takes a block without waiting.
class Pipe {
 public:
  explicit Pipe(const std::string& name) {
    int ends[2];
    Check(::pipe2(ends, O_CLOEXEC) == 0, "pipe", name);
    out_ = UniqueFd(ends[0]);
    in_ = UniqueFd(ends[1]);
  }

  ssize_t Put(const void* from) const { return ::write(in_.get(), from, kBlock); }
  ssize_t Take(void* into) const { return ::read(out_.get(), into, kBlock); }

 private:
  UniqueFd out_;
  UniqueFd in_;
};

void CheckTouched(bool is_done, const char* syscall, const std::string& name) {
  Check(is_done, errno == EFAULT ? kPageFault : syscall, name);
}

}  // namespace

void Map(Client* client, const std::string& name) {
  ClientFile file = client->Open(name, O_RDWR);
  Mapping mapping(file, client->DrawOffset());
  const Pipe pipe(name);
  if (client->DrawBit()) {
    CheckTouched(pipe.Put(mapping.start()) >= 0, "write", name);
  } else {
    Check(pipe.Put(client->data()) >= 0, "write", name);
    CheckTouched(pipe.Take(mapping.start()) >= 0, "read", name);
  }
  mapping.Sync(name);
  mapping.Unmap(name);
  file.Close();
}

}  // namespace fct::operations
