// Operations on what is in a file.
#include <algorithm>

#include "client_errors.h"
#include "client_operation.h"

namespace fct::operations {
namespace {

constexpr size_t kAppended = 512;

// File systems without O_DIRECT (tmpfs before 6.6) say EINVAL.
ClientFile OpenDirect(const Client& client, const std::string& name) {
  try {
    return client.Open(name, O_RDONLY | O_DIRECT);
  } catch (const ErrnoError& error) {
    if (error.number() != EINVAL) throw;
  }
  return client.Open(name, O_RDONLY);
}

}  // namespace

void Read(Client* client, const std::string& name) {
  OpenDirect(*client, name).Read(client->scratch(), kBlock, client->DrawOffset());
}

// To its end, but not for ever where others append.
void Scan(Client* client, const std::string& name) {
  const ClientFile file = client->Open(name, O_RDONLY);
  const uint64_t longest = 2 * client->size();
  for (uint64_t at = 0; at <= longest; at += kBlock) {
    if (file.Read(client->scratch(), kBlock, at) < kBlock) return;
  }
}

void Write(Client* client, const std::string& name) {
  ClientFile file = client->Open(name, O_WRONLY);
  file.Write(client->data(), client->length(), client->DrawOffset());
  file.Close();
}

void Append(Client* client, const std::string& name) {
  ClientFile file = client->Open(name, O_WRONLY | O_APPEND);
  file.Write(client->data(), kAppended, 0);  // pwrite appends, too, whatever its offset
  if (file.Size() > 2 * client->size()) file.Resize(client->size());
  file.Close();
}

void Truncate(Client* client, const std::string& name) {
  ClientFile file = client->Open(name, O_WRONLY);
  file.Resize(client->Draw(client->size()));
  file.Resize(client->size());
  file.Close();
}

// A file that is drawn twice is copied behind its own end, for ranges must not overlap.
void Copy(Client* client, const std::string& name) {
  const std::string other = client->DrawFile();
  const ClientFile from = client->Open(name, O_RDONLY);
  ClientFile to = client->Open(other, O_WRONLY);
  loff_t read_at = 0;
  loff_t write_at = name == other ? static_cast<loff_t>(client->size()) : 0;
  for (uint64_t left = client->size(); left > 0;) {
    const ssize_t copied = ::copy_file_range(from.fd(), &read_at, to.fd(), &write_at, left, 0);
    Check(copied >= 0, kCopyRange, other);
    if (copied == 0) break;
    left -= static_cast<uint64_t>(copied);
  }
  to.Close();
}

}  // namespace fct::operations
