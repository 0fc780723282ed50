// Operations on names.
#include <sys/stat.h>

#include <cstdio>

#include "client_operation.h"

namespace fct::operations {

// Another thread may have been faster with either half; the file is there afterwards in any case.
void Unlink(Client* client, const std::string& name) {
  Check(::unlinkat(client->directory(), name.c_str(), 0) == 0 || errno == ENOENT, "unlink", name);
  client->Fill(name, O_CREAT);
}

void Rename(Client* client, const std::string& name) {
  const std::string temporary = client->OwnName("t");
  client->Fill(temporary, O_CREAT | O_TRUNC);
  const int directory = client->directory();
  Check(::renameat(directory, temporary.c_str(), directory, name.c_str()) == 0, "rename", name);
}

// EEXIST: an earlier time failed half-way; what it left goes now.
void Link(Client* client, const std::string& name) {
  const std::string beside = client->OwnName("l");
  const int directory = client->directory();
  const int linked = ::linkat(directory, name.c_str(), directory, beside.c_str(), 0);
  Check(linked == 0 || errno == EEXIST, "link", name);
  struct stat status = {};
  Check(::fstatat(directory, beside.c_str(), &status, 0) == 0, "stat", beside);
  Check(::unlinkat(directory, beside.c_str(), 0) == 0, "unlink", beside);
}

}  // namespace fct::operations
