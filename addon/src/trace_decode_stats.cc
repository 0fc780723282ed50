#include "trace_decode_stats.h"

#include <charconv>
#include <optional>

namespace fct {
namespace {

// The text behind a label that begins a line.
std::optional<std::string_view> After(std::string_view text, const std::string& label) {
  if (text.substr(0, label.size()) == label) return text.substr(label.size());
  const size_t at = text.find("\n" + label);
  if (at == std::string_view::npos) return std::nullopt;
  return text.substr(at + 1 + label.size());
}

template <typename T>
std::optional<T> NumberAfter(std::string_view text, const char* label) {
  const auto rest = After(text, label);
  T value = 0;
  if (!rest || std::from_chars(rest->data(), rest->data() + rest->size(), value).ec != std::errc()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

void StatsCollector::Add(std::string_view text) {
  const auto buffer = After(text, "Buffer: ");
  if (buffer) buffer_ = buffer->substr(0, buffer->find('\n'));
  const auto cpu = NumberAfter<uint32_t>(text, "CPU: ");
  if (!cpu) return;
  const auto count = [text](const char* label) { return NumberAfter<uint64_t>(text, label).value_or(0); };
  stats_[buffer_][*cpu] = {count("entries: "), count("overrun: "), count("commit overrun: "),
                           count("dropped events: "), count("read events: ")};
}

}  // namespace fct
