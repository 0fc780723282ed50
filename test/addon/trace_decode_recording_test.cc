#include "trace_decode_recording.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "expect_error.h"
#include "synthetic_trace.h"
#include "trace_decode_bytes.h"
#include "trace_decode_stream.h"

namespace fct {
namespace {

constexpr uint16_t kCpus = 3;
constexpr uint32_t kPages = 400;   // of a CPU: many times what is read at once
constexpr uint32_t kEvents = 100;  // of a page

// Events of all CPUs lie between each other, with times that they share now and then.
std::string Page(uint32_t cpu, uint32_t page) {
  PageBuilder builder(uint64_t{page} * 2000 + cpu);
  for (uint32_t event = 0; event < kEvents; event++) {
    std::string data = Common(1, static_cast<int32_t>(cpu));
    Put<uint32_t>(&data, page * kEvents + event);
    builder.Event(10 + (event * 7 + cpu * 3) % 11, data);
  }
  return builder.Build();
}

std::string Pages(uint32_t cpu) {
  std::string pages;
  for (uint32_t page = 0; page < kPages; page++) pages += Page(cpu, page);
  return pages;
}

const std::string& NumberFormat() {
  static const std::string format =
      Format("number", 1, "\tfield:u32 value;\toffset:8;\tsize:4;\tsigned:0;\n");
  return format;
}

std::string File() {
  TraceDatBuilder builder;
  builder.formats = {NumberFormat()};
  for (uint32_t cpu = 0; cpu < kCpus; cpu++) builder.cpus.push_back(Pages(cpu));
  return builder.Build();
}

// Rows and their values as bytes.
void Append(const Batch& batch, std::string* text) {
  for (size_t row = 0; row < batch.rows.timestamp.size(); row++) {
    Put(text, batch.rows.timestamp[row]);
    Put(text, batch.rows.cpu[row]);
    Put(text, Load<uint32_t>(batch.columns[0][0].data() + batch.rows.index[row] * size_t{4}));
  }
}

TEST_CASE("a file gives what a stream of its pages gives") {
  const MemorySource source(File());
  Recording recording(source, std::nullopt);
  std::string read;
  while (!recording.decoder().is_ended()) Append(recording.decoder().Decode(1000), &read);

  TraceStream stream({HeaderPage(), {{"test", NumberFormat()}}, kCpus});
  for (uint16_t cpu = 0; cpu < kCpus; cpu++) {
    const std::string pages = Pages(cpu);
    for (size_t at = 0; at < pages.size(); at += 4096)
      stream.Push(cpu, reinterpret_cast<const uint8_t*>(pages.data()) + at, 4096);
  }
  stream.End();
  std::string pushed;
  while (!stream.decoder().is_ended()) Append(stream.Decode(777), &pushed);

  CHECK(read.size() == size_t{kCpus} * kPages * kEvents * 14);
  CHECK((read == pushed));
}

TEST_CASE("a reader may go away in the middle of a file") {
  const MemorySource source(File());
  for (int round = 0; round < 20; round++) {
    Recording recording(source, std::nullopt);
    CHECK(recording.decoder().Decode(500).rows.timestamp.size() == 500);
  }
}

TEST_CASE("what is before a damaged page in the middle of a file can be read") {
  std::string file = File();
  const size_t damaged = file.size() - 4096 * 100;  // of the last CPU
  file.replace(damaged + 8, 4, "\xff\xff\xff\x07");
  const MemorySource source(file);
  Recording recording(source, std::nullopt);
  uint64_t last = 0;
  const std::string error = ErrorOf([&] {
    for (;;) {
      const Batch batch = recording.decoder().Decode(100);
      last = batch.rows.timestamp[batch.rows.timestamp.size() - 1];
    }
  });
  CHECK(error == "FCT_DECODE_PAGE at " + std::to_string(damaged + 8));
  const uint64_t begin = (kPages - 100) * 2000;  // of what the damaged page had
  CHECK(last > begin - 2000);
  CHECK(last < begin);
}

TEST_CASE("a field that is not wanted gets no column, and is looked at all the same") {
  const std::string fields =
      "\tfield:u32 value;\toffset:8;\tsize:4;\tsigned:0;\n"
      "\tfield:__data_loc char[] name;\toffset:12;\tsize:4;\tsigned:0;\n";
  const auto event = [](uint32_t location) {
    std::string data = Common(1, 5);
    Put<uint32_t>(&data, 42);
    Put<uint32_t>(&data, location);
    return data + "nfsd";
  };
  const auto decode = [&](uint32_t location) {
    TraceDatBuilder builder;
    builder.formats = {Format("named", 1, fields), Format("other", 2, fields)};
    builder.cpus = {PageBuilder(1).Event(0, event(location)).Build()};
    const MemorySource source(builder.Build());
    return DecodeTrace(source, std::nullopt, FieldChoice{{"test:named", {"value", "none"}}, {"none", {}}});
  };
  const Trace trace = decode(16 | 4 << 16);
  REQUIRE(trace.counts[0] == 1);
  CHECK(Load<uint32_t>(trace.columns[0][0].data()) == 42);
  CHECK(trace.columns[0][1].size() == 0);
  CHECK(trace.strings.size() == 1);
  CHECK_FALSE(trace.types[1].plan.fields[0].is_wanted);
  CHECK(ErrorOf([&] { decode(17 | 4 << 16); }) == "FCT_DECODE_FIELD at " + std::to_string(4096 + 20 + 12));
}

}  // namespace
}  // namespace fct
