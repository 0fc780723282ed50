// Operations that keep others out of a file, or hear of them.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <ctime>

#include "client_errors.h"
#include "client_operation.h"

namespace fct::operations {
namespace {

constexpr timespec kHold{0, 5'000'000};

// The kernel tells of a broken lease by SIGIO, which by default goes to the process and ends it. Here it goes
// to this thread, where it is blocked (thread_group.cc), and is waited for.
void HearOfBreaks(const ClientFile& file) {
  const f_owner_ex owner{F_OWNER_TID, ::gettid()};
  Check(::fcntl(file.fd(), F_SETOWN_EX, &owner) == 0, "fcntl(F_SETOWN_EX)", file.name());
}

// Returns at once with the signal of a lease that was broken as it was dropped; it is then held for less.
void HoldUntilBroken() {
  sigset_t io;
  sigemptyset(&io);
  sigaddset(&io, SIGIO);
  ::sigtimedwait(&io, nullptr, &kHold);
}

// Waits for nobody: there is no order among the locks of several threads, and no deadlock must come of them.
void SetLock(const ClientFile& file, int command, short type, uint64_t at) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(at);
  lock.l_len = kBlock;
  const char* syscall = command == F_OFD_SETLK ? "fcntl(F_OFD_SETLK)" : "fcntl(F_SETLK)";
  Check(::fcntl(file.fd(), command, &lock) == 0, syscall, file.name());
}

}  // namespace

void Lease(Client* client, const std::string& name) {
  const bool is_write = client->DrawBit();
  const ClientFile file = client->Open(name, is_write ? O_RDWR : O_RDONLY);
  HearOfBreaks(file);
  Check(::fcntl(file.fd(), F_SETLEASE, is_write ? F_WRLCK : F_RDLCK) == 0, kSetLease, name);
  HoldUntilBroken();
  Check(::fcntl(file.fd(), F_SETLEASE, F_UNLCK) == 0, kSetLease, name);
}

void Lock(Client* client, const std::string& name) {
  const bool is_write = client->DrawBit();
  const int command = client->DrawBit() ? F_OFD_SETLK : F_SETLK;
  const uint64_t at = client->DrawOffset();
  ClientFile file = client->Open(name, is_write ? O_RDWR : O_RDONLY);
  SetLock(file, command, is_write ? F_WRLCK : F_RDLCK, at);
  if (is_write) {
    file.Write(client->data(), client->length(), at);
  } else {
    file.Read(client->scratch(), kBlock, at);
  }
  SetLock(file, command, F_UNLCK, at);
  file.Close();
}

}  // namespace fct::operations
