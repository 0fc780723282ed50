// Any bytes as sub-buffers of two CPUs, in any split over time.
//
// An input is a byte of settings (bit 0: longs of 4 bytes, bit 1: sub-buffers of 64 KiB, the rest: events
// that a batch has at most) and then, again and again: a byte (bit 0: the CPU, bit 1: what comes), u16 length
// and that many bytes. What comes is a sub-buffer, its unused end left out, or a time until which the CPU was
// quiet (bit 1); a batch is decoded after it if bit 2 is set.
#include <algorithm>

#include "../expect_error.h"
#include "../synthetic_trace.h"
#include "check_batch.h"
#include "trace_decode_stream.h"

namespace {

using fct::Format;

constexpr uint16_t kCpus = 2;

std::string Field(const std::string& declaration, uint32_t offset, uint32_t size, bool is_signed = false) {
  return "\tfield:" + declaration + ";\toffset:" + std::to_string(offset) +
         ";\tsize:" + std::to_string(size) + ";\tsigned:" + (is_signed ? "1" : "0") + ";\n";
}

// A field of each kind at each place.
fct::StreamHead HeadOf(uint32_t long_size, uint32_t page_size) {
  const std::string integers = Field("u8 a", 8, 1) + Field("s16 b", 10, 2, true) + Field("u32 c", 12, 4) +
                               Field("s64 d", 16, 8, true) + Field("u8 e[6]", 24, 6);
  const std::string texts = Field("void * p", 8, long_size) + Field("char comm[16]", 16, 16);
  const std::string located = Field("__data_loc char[] s", 8, 4) + Field("__rel_loc u8[] t", 12, 4);
  fct::StreamHead head;
  head.header_page = fct::HeaderPage(long_size, page_size);
  head.formats = {{"test", Format("integers", 1, integers)},
                  {"test", Format("texts", 2, texts)},
                  {"test", Format("located", 3, located)},
                  {"test", Format("tail", 4, Field("char buf[]", 8, 0))}};
  head.cpus = kCpus;
  return head;
}

class Script {
 public:
  Script(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  bool is_at_end() const { return at_ == end_; }
  uint8_t Byte() { return at_ == end_ ? 0 : *at_++; }
  // As many of the bytes that a u16 announces as there are.
  std::string_view Bytes() {
    const size_t low = Byte();
    const size_t length = std::min<size_t>(low | Byte() * size_t{256}, end_ - at_);
    at_ += length;
    return {reinterpret_cast<const char*>(at_ - length), length};
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

void Feed(uint8_t what, std::string_view bytes, fct::TraceStream* stream) {
  const uint16_t cpu = what & 1;
  if ((what & 2) == 0) return stream->Push(cpu, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  uint64_t time = 0;
  std::copy_n(bytes.data(), std::min(bytes.size(), sizeof time), reinterpret_cast<char*>(&time));
  stream->QuietUntil(cpu, time);
}

// What was heard of the events, whatever fields were wanted.
struct Story {
  std::string rows;
  std::string error;
};

void Tell(const fct::Rows& rows, std::string* story) {
  for (size_t row = 0; row < rows.timestamp.size(); row++) {
    fct::Put(story, rows.timestamp[row]);
    fct::Put(story, rows.cpu[row]);
    fct::Put(story, rows.type[row]);
    fct::Put(story, rows.index[row]);
    fct::Put(story, rows.pid[row]);
  }
}

void Play(Script script, const std::optional<fct::FieldChoice>& choice, std::string* story) {
  const uint8_t settings = script.Byte();
  const uint32_t most = 1 + (settings >> 2) * 16u;
  fct::TraceStream stream(HeadOf(settings & 1 ? 4 : 8, settings & 2 ? 1u << 16 : 4096), choice);
  fct::BatchChecker checker(kCpus);
  const auto decode = [&] {
    const fct::Batch batch = stream.Decode(most);
    checker.Check(batch, stream.decoder().types());
    Tell(batch.rows, story);
  };
  while (!script.is_at_end()) {
    const uint8_t what = script.Byte();
    Feed(what, script.Bytes(), &stream);
    if ((what & 4) != 0) decode();
  }
  stream.End();
  while (!stream.decoder().is_ended()) decode();
}

Story Hear(Script script, const std::optional<fct::FieldChoice>& choice) {
  Story story;
  story.error = fct::ErrorOf([&] { Play(script, choice, &story.rows); });
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Script script(data, size);
  const Story all = Hear(script, std::nullopt);
  const Story few = Hear(script, fct::FieldChoice{{"test:integers", {"b", "e"}}, {"test:located", {"t"}}});
  fct::Require(few.rows == all.rows && few.error == all.error, "fields that are not wanted change nothing");
  return 0;
}
