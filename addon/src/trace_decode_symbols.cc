#include "trace_decode_symbols.h"

#include <utility>
#include <vector>

#include "trace_decode_constant.h"

namespace fct {
namespace {

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Position behind the string literal that begins at `at`.
size_t SkipLiteral(std::string_view text, size_t at) {
  for (at++; at < text.size(); at++) {
    if (text[at] == '\\') {
      at++;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

struct Arguments {
  std::vector<std::string_view> parts;  // empty if there was no closing bracket
  size_t end;                           // of the whole, so that a search can go on behind it
};

// Cuts what stands in brackets from `at` on, up to the closing one, at the commas of the outermost level.
Arguments SplitArguments(std::string_view text, size_t at) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t begin = at;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = SkipLiteral(text, at);
      continue;
    }
    const bool closes = c == ')' || c == '}';
    if (depth == 0 && (closes || c == ',')) {
      parts.push_back(text.substr(begin, at - begin));
      if (closes) return {std::move(parts), at};
      begin = at + 1;
    }
    depth += c == '(' || c == '{' ? 1 : closes ? -1 : 0;
    at++;
  }
  return {{}, text.size()};
}

// The first REC->field in an expression such as "REC->flags & 0xff".
std::string FieldOf(std::string_view expression) {
  const size_t at = expression.find("REC->");
  if (at == std::string_view::npos) return {};
  size_t end = at + 5;
  while (end < expression.size() && IsWord(expression[end])) end++;
  return std::string(expression.substr(at + 5, end - at - 5));
}

std::string ToDecimal(Constant value) {
  const bool is_negative = value < 0;
  const auto magnitude = static_cast<unsigned long long>(is_negative ? -value : value);
  return (is_negative ? "-" : "") + std::to_string(magnitude);
}

// The text of a literal; of one made of several ("a" "b") the first.
std::string LiteralOf(std::string_view argument) {
  const size_t begin = argument.find('"');
  if (begin == std::string_view::npos) return {};
  const size_t end = SkipLiteral(argument, begin);
  std::string text;
  for (size_t at = begin + 1; at + 1 < end; at++) {
    if (argument[at] == '\\' && at + 2 < end) at++;
    text += argument[at];
  }
  return text;
}

void AddEntry(std::string_view argument, std::map<std::string, std::string>* table) {
  const size_t open = argument.find('{');
  if (open == std::string_view::npos) return;
  const auto parts = SplitArguments(argument, open + 1).parts;
  if (parts.size() != 2) return;
  const auto value = EvaluateConstant(parts[0]);
  std::string name = LiteralOf(parts[1]);
  if (value && !name.empty()) table->emplace(ToDecimal(*value), std::move(name));
}

void AddTable(const std::vector<std::string_view>& arguments, SymbolTables* tables) {
  const std::string field = arguments.empty() ? "" : FieldOf(arguments[0]);
  if (field.empty()) return;
  for (const std::string_view argument : arguments) AddEntry(argument, &(*tables)[field]);
}

// Calls `use` with the arguments of each `macro`, which is given with its opening bracket.
template <typename Use>
void ForEachMacro(std::string_view text, std::string_view macro, Use use) {
  size_t at = text.find(macro);
  while (at != std::string_view::npos) {
    const Arguments arguments = SplitArguments(text, at + macro.size());
    use(arguments.parts);
    at = text.find(macro, arguments.end);
  }
}

constexpr std::string_view kSymbolMacros[] = {"__print_symbolic(", "__print_symbolic_u64("};
constexpr std::string_view kFlagMacros[] = {"__print_flags(", "__print_flags_u64("};

}  // namespace

SymbolTables ParseSymbols(std::string_view print_format) {
  SymbolTables tables;
  const auto add = [&tables](const auto& arguments) { AddTable(arguments, &tables); };
  for (const std::string_view macro : kSymbolMacros) ForEachMacro(print_format, macro, add);
  for (const std::string_view macro : kFlagMacros) ForEachMacro(print_format, macro, add);
  return tables;
}

std::set<std::string> ParseFlagFields(std::string_view print_format) {
  std::set<std::string> fields;
  const auto add = [&fields](const auto& arguments) {
    if (!arguments.empty()) fields.insert(FieldOf(arguments[0]));
  };
  for (const std::string_view macro : kFlagMacros) ForEachMacro(print_format, macro, add);
  fields.erase("");
  return fields;
}

}  // namespace fct
