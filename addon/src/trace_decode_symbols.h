// The tables of names in an event's print format: __print_symbolic(REC->op, { 1, "load" }, ...) and
// __print_flags().
#ifndef FCT_TRACE_DECODE_SYMBOLS_H
#define FCT_TRACE_DECODE_SYMBOLS_H

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace fct {

// Field name -> value in decimal (an exact key also beyond 2^53) -> name.
using SymbolTables = std::map<std::string, std::map<std::string, std::string>>;

// Never throws: a table or an entry that is not understood (an enumerator that the kernel did not resolve) is
// left out.
SymbolTables ParseSymbols(std::string_view print_format);

// The fields whose table is one of flags, of which a value may have several: those of __print_flags().
std::set<std::string> ParseFlagFields(std::string_view print_format);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_SYMBOLS_H
