// What events do to the module's calls of nfsd_file_close_inode_sync(): Closes in harness/oracle/closes.ts.
#ifndef FCT_LIFE_WALK_CALL_H
#define FCT_LIFE_WALK_CALL_H

#include <cstring>

#include "life_walk.h"

namespace fct {

inline CallRecord::Queued* FindQueued(CallRecord* call, uint32_t nf) {
  for (int32_t i = 0; i < call->queued; i++)
    if (call->queue[i].nf == nf) return &call->queue[i];
  return nullptr;
}

inline void Unqueue(CallRecord* call, CallRecord::Queued* queued) {
  const CallRecord::Queued* const end = call->queue + call->queued--;
  std::memmove(queued, queued + 1, sizeof(*queued) * static_cast<size_t>(end - queued - 1));
}

inline void QueueIn(CallRecord* call, uint32_t nf, int32_t row) {
  if (call->is_under_way == 0) return;
  if (CallRecord::Queued* const known = FindQueued(call, nf)) {
    known->row = row;
    return;
  }
  if (call->queued == CallRecord::kMostQueued) Unqueue(call, call->queue);
  call->queue[call->queued++] = {nf, row};
}

// file: where its struct file stands, which is far from what was read last.
inline void FreeIn(CallRecord* call, uint32_t nf, const uint32_t* file, int32_t row) {
  if (call->is_under_way == 0) return;
  if (CallRecord::Queued* const known = FindQueued(call, nf)) Unqueue(call, known);
  call->free = row;
  call->file = call->minds_files != 0 ? *file : 0;
}

inline void BeginCall(CallRecord* call, uint32_t inode, int32_t row, bool minds_files) {
  call->is_under_way = 1;
  call->inode = inode;
  call->begin = row;
  call->minds_files = minds_files ? 1 : 0;
  call->free = 0;
  call->file = 0;
  call->queued = 0;
}

// A rule over calls that return may find something.
inline bool LeavesBehind(const CallRecord& call) {
  const bool leaves_open = call.free != 0 && call.file != 0;
  return call.queued > 0 || (leaves_open && call.left_open + 1 >= kManyLeftOpen);
}

// Of a call of which no rule finds anything.
inline void EndCall(CallRecord* call, LifeRecord* lives, int32_t row) {
  LifeRecord& inode = lives[call->inode];
  inode.close_begin = call->begin;
  inode.close_end = row;
  if (call->free != 0) call->left_open = call->file != 0 ? call->left_open + 1 : 0;
  call->is_under_way = 0;
}

}  // namespace fct

#endif  // FCT_LIFE_WALK_CALL_H
