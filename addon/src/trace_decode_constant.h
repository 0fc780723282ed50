// Evaluates constant C expressions as they stand in print formats: "(1 << (0))", "1UL << 3", "(u32)-1", "0x10
// | 0x01".
#ifndef FCT_TRACE_DECODE_CONSTANT_H
#define FCT_TRACE_DECODE_CONSTANT_H

#include <optional>
#include <string_view>

namespace fct {

// Holds every value of C's 64-bit types, signed and unsigned.
using Constant = __int128;

// nullopt for anything else than integers, integer casts and the operators of C that yield integers.
std::optional<Constant> EvaluateConstant(std::string_view expression);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_CONSTANT_H
