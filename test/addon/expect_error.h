// What a decoder said no to: the error's code, and its offset.
#ifndef FCT_EXPECT_ERROR_H
#define FCT_EXPECT_ERROR_H

#include <string>

#include "trace_decode_error.h"

namespace fct {

// "FCT_DECODE_PAGE at 8", or "" if `work` did not throw.
template <typename Work>
std::string ErrorOf(Work work) {
  try {
    work();
    return "";
  } catch (const DecodeError& error) {
    return error.code() + " at " + std::to_string(error.offset());
  }
}

}  // namespace fct

#endif  // FCT_EXPECT_ERROR_H
