#include "trace_decode_constant.h"

#include <cstddef>
#include <cstdint>

namespace fct {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Names of types are in lower case and enumerators are not, which tells the cast "(u32)" from the value
// "(NFSD_X)".
bool IsTypeLetter(char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == ' '; }

int DigitOf(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

constexpr Constant kLargest = (Constant{1} << 64) - 1;
constexpr Constant kSmallest = -(Constant{1} << 63);

// Recursive descent by precedence. Any failure sets failed_, after which all results are meaningless.
class Evaluator {
 public:
  explicit Evaluator(std::string_view text) : text_(text) {}

  std::optional<Constant> Run() {
    const Constant value = Binary(0);
    SkipSpace();
    if (failed_ || at_ != text_.size()) return std::nullopt;
    return value;
  }

 private:
  struct Operator {
    std::string_view symbol;
    int level;
  };

  static constexpr Operator kOperators[] = {{"|", 0}, {"^", 1}, {"&", 2}, {"<<", 3}, {">>", 3},
                                            {"+", 4}, {"-", 4}, {"*", 5}, {"/", 5},  {"%", 5}};
  static constexpr int kUnaryLevel = 6;
  static constexpr int kDeepest = 64;  // of parentheses; bounds the recursion

  Constant Binary(int level) {
    if (level == kUnaryLevel) return Unary();
    Constant left = Binary(level + 1);
    while (const Operator* found = Accept(level)) left = Apply(found->symbol, left, Binary(level + 1));
    return left;
  }

  const Operator* Accept(int level) {
    SkipSpace();
    for (const Operator& candidate : kOperators) {
      if (candidate.level != level || failed_) continue;
      if (text_.substr(at_, candidate.symbol.size()) != candidate.symbol) continue;
      at_ += candidate.symbol.size();
      return &candidate;
    }
    return nullptr;
  }

  Constant Apply(std::string_view symbol, Constant left, Constant right) {
    const bool is_shift = symbol == "<<" || symbol == ">>";
    if (is_shift && (right < 0 || right > 63)) return Fail();
    switch (symbol[0]) {
      case '|':
        return Checked(left | right);
      case '^':
        return Checked(left ^ right);
      case '&':
        return Checked(left & right);
      case '<':
        return Checked(left * (Constant{1} << static_cast<int>(right)));
      case '>':
        return Checked(left >> static_cast<int>(right));
      case '+':
        return Checked(left + right);
      case '-':
        return Checked(left - right);
      default:
        return Multiply(symbol[0], left, right);
    }
  }

  Constant Multiply(char symbol, Constant left, Constant right) {
    if (symbol == '*') {
      Constant product = 0;
      return __builtin_mul_overflow(left, right, &product) ? Fail() : Checked(product);
    }
    if (right == 0) return Fail();
    return Checked(symbol == '/' ? left / right : left % right);
  }

  Constant Unary() {
    SkipSpace();
    if (at_ == text_.size() || ++depth_ > kDeepest) return Fail();
    const Constant value = Operand();
    depth_--;
    return value;
  }

  Constant Operand() {
    const char c = text_[at_];
    if (IsDigit(c)) return Number();
    at_++;
    if (c == '-') return Checked(-Unary());
    if (c == '+') return Unary();
    if (c == '~') return Complement(Unary());
    if (c != '(') return Fail();
    return AcceptCast() ? Unary() : Parenthesis();
  }

  // Of what a 64-bit register holds; ~0 is -1, and stays so in a table whose field is signed.
  Constant Complement(Constant value) { return Checked(value > INT64_MAX ? kLargest - value : -1 - value); }

  Constant Parenthesis() {
    const Constant value = Binary(0);
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != ')') return Fail();
    at_++;
    return value;
  }

  // "(unsigned int)": words only, then ")". The value is taken as it is, for tables hold what fits.
  bool AcceptCast() {
    size_t end = at_;
    while (end < text_.size() && (IsTypeLetter(text_[end]) || (end > at_ && IsDigit(text_[end])))) end++;
    if (end == at_ || end == text_.size() || text_[end] != ')') return false;
    at_ = end + 1;
    return true;
  }

  Constant Number() {
    int base = 10;
    if (text_[at_] == '0' && at_ + 1 < text_.size()) {
      base = (text_[at_ + 1] | 0x20) == 'x' ? 16 : 8;
      at_ += base == 16 ? 2 : 0;
    }
    Constant value = 0;
    while (at_ < text_.size() && DigitOf(text_[at_]) < base) {
      value = Checked(value * base + DigitOf(text_[at_++]));
      if (failed_) return 0;
    }
    while (at_ < text_.size() && ((text_[at_] | 0x20) == 'u' || (text_[at_] | 0x20) == 'l')) at_++;
    return value;
  }

  Constant Checked(Constant value) { return value < kSmallest || value > kLargest ? Fail() : value; }

  Constant Fail() {
    failed_ = true;
    return 0;
  }

  void SkipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) at_++;
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  bool failed_ = false;
};

}  // namespace

std::optional<Constant> EvaluateConstant(std::string_view expression) { return Evaluator(expression).Run(); }

}  // namespace fct
