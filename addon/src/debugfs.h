// Reads and writes the small files of debugfs and tracefs.
#ifndef FCT_DEBUGFS_H
#define FCT_DEBUGFS_H

#include <napi.h>

namespace fct {

// readDebugfs(path): string; writeDebugfs(path, value): one open, one write, so that a refused value is that
// write's error.
void InitDebugfs(Napi::Env env, Napi::Object exports);

}  // namespace fct

#endif  // FCT_DEBUGFS_H
