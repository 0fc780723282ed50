// Memory of columns. A batch's is about what the one before had: blocks that are given back are kept, for a
// page's first touch costs more than decoding the events that fill it.
#ifndef FCT_TRACE_DECODE_MEMORY_H
#define FCT_TRACE_DECODE_MEMORY_H

#include <cstddef>

namespace fct {

// From any thread, as are all below. What block sizes there are: at least `bytes`.
size_t BlockSize(size_t bytes);

// `size` is a BlockSize(). Throws std::bad_alloc.
void* TakeBlock(size_t size);
void GiveBlock(void* block, size_t size);
// A larger block with what was in `block`, which is gone then.
void* EnlargeBlock(void* block, size_t size, size_t used, size_t larger);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_MEMORY_H
