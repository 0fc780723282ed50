#include <doctest/doctest.h>

#include <chrono>
#include <random>

#include "expect_error.h"
#include "synthetic_trace7.h"
#include "trace_decode_bytes.h"
#include "trace_decode_recording.h"

namespace fct {
namespace {

constexpr int kNumber = 10;  // u32 value

const std::string kNumberFormat =
    Format("number", kNumber, "\tfield:u32 value;\toffset:8;\tsize:4;\tsigned:0;\n");

std::string Number(uint32_t value) {
  std::string data = Common(kNumber, 1);
  Put(&data, value);
  return data;
}

// Three pages with an event each.
std::string Pages(uint64_t time, uint32_t value, uint32_t page_size = 4096) {
  std::string pages;
  for (uint32_t page = 0; page < 3; page++)
    pages += PageBuilder(time + page * 10, 8, page_size).Event(0, Number(value + page)).Build();
  return pages;
}

TraceDat7Builder Sample(const std::string& compression) {
  TraceDat7Builder builder;
  builder.compression = compression;
  builder.formats = {kNumberFormat};
  builder.comms = "1 systemd\n215 kworker/0:1 x\nnonsense\n";
  builder.buffers = {{"", "mono", 4096, {{0, Pages(10, 1)}, {1, Pages(15, 4)}}}};
  return builder;
}

Trace Decode(TraceDat7Builder builder, const std::optional<std::string>& buffer = std::nullopt) {
  return DecodeTrace(MemorySource(builder.Build()), buffer);
}

std::string ErrorOfFile(const std::string& file) {
  return ErrorOf([&] { DecodeTrace(MemorySource(file)); });
}

// "cpu/value" of each row.
std::string Rows(const Trace& trace) {
  std::string text;
  for (size_t row = 0; row < trace.rows.timestamp.size(); row++) {
    const uint8_t* column = trace.columns[trace.rows.type[row]][0].data();
    text += std::to_string(trace.rows.cpu[row]) + "/" +
            std::to_string(Load<uint32_t>(column + trace.rows.index[row] * 4)) + " ";
  }
  return text;
}

TEST_CASE("a file of version 7 says the same however it is compressed") {
  for (const char* compression : {"none", "zlib", "zstd"}) {
    for (const bool packs_options : {false, true}) {
      CAPTURE(compression);
      TraceDat7Builder builder = Sample(compression);
      builder.packs_options = packs_options;
      const Trace trace = Decode(builder);
      CHECK(Rows(trace) == "0/1 1/4 0/2 1/5 0/3 1/6 ");
      CHECK(trace.head.version == 7);
      CHECK(trace.head.buffer.clock == "mono");
      CHECK(trace.per_cpu[1].pages == 3);
      CHECK(trace.head.comms == std::map<int32_t, std::string>{{1, "systemd"}, {215, "kworker/0:1 x"}});
    }
  }
}

TEST_CASE("CPUs without pages count, wherever those with pages are") {
  TraceDat7Builder builder = Sample("zlib");
  builder.cpu_count = 8;
  builder.buffers[0].cpus = {{5, Pages(10, 1)}};
  const Trace trace = Decode(builder);
  CHECK(trace.per_cpu.size() == 8);
  CHECK(Rows(trace) == "5/1 5/2 5/3 ");
  builder.cpu_count = 1;
  CHECK(Decode(builder).per_cpu.size() == 6);
}

TEST_CASE("buffers have their own clocks and sizes of sub-buffers") {
  TraceDat7Builder builder = Sample("zstd");
  builder.buffers.push_back({"big", "counter", 8192, {{1, Pages(10, 7, 8192)}}});
  CHECK(ErrorOfFile(TraceDat7Builder(builder).Build()).rfind("FCT_DECODE_BUFFERS", 0) == 0);
  const Trace big = Decode(builder, "big");
  CHECK(Rows(big) == "1/7 1/8 1/9 ");
  CHECK(big.head.buffer.clock == "counter");
  CHECK(big.head.buffer.name == "big");
  CHECK(Rows(Decode(builder, "")) == "0/1 1/4 0/2 1/5 0/3 1/6 ");
  builder.buffers[0].cpus.clear();
  CHECK(Decode(builder).head.buffer.name == "big");
}

TEST_CASE("a buffer without a clock has the file's") {
  TraceDat7Builder builder = Sample("none");
  builder.buffers[0].clock = "";
  CHECK(Decode(builder).head.buffer.clock == "global");
}

TEST_CASE("of the top buffer, header_page may know sub-buffers that an old trace-cmd does not") {
  TraceDat7Builder builder = Sample("none");
  builder.page_size = 8192;
  builder.buffers[0].cpus = {{0, Pages(10, 1, 8192)}};
  CHECK(Rows(Decode(builder)) == "0/1 0/2 0/3 ");
}

TEST_CASE("wherever a file is cut off, it is refused, and soon") {
  for (const char* compression : {"none", "zlib", "zstd"}) {
    TraceDat7Builder builder = Sample(compression);
    for (auto& [cpu, pages] : builder.buffers[0].cpus) pages.resize(4096);
    const std::string good = builder.Build();
    REQUIRE(ErrorOfFile(good) == "");
    const auto began = std::chrono::steady_clock::now();
    for (size_t length = 0; length < good.size(); length++) {
      CAPTURE(length);
      CHECK_FALSE(ErrorOfFile(good.substr(0, length)).empty());
    }
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::minutes(1));
  }
}

TEST_CASE("what is wrong in a compressed part is placed where that begins") {
  TraceDat7Builder builder = Sample("zstd");
  builder.buffers[0].cpus[0][8] = '\xff';
  builder.buffers[0].cpus[0][9] = '\xff';
  const std::string bad_page = builder.Build();
  const size_t chunk = bad_page.find(Pack("zstd", builder.buffers[0].cpus[0].substr(0, 8192)));
  REQUIRE(chunk != std::string::npos);
  CHECK(ErrorOfFile(bad_page) == "FCT_DECODE_PAGE at " + std::to_string(chunk));
  std::string message;
  try {
    DecodeTrace(MemorySource(bad_page));
  } catch (const DecodeError& error) {
    message = error.what();
  }
  CHECK(message == "a page claims more bytes than it has (byte 8 of what is packed at byte " +
                       std::to_string(chunk) + ")");
}

TEST_CASE("a compressed part that is damaged is refused at its place") {
  for (const char* compression : {"zlib", "zstd"}) {
    TraceDat7Builder builder = Sample(compression);
    std::string file = builder.Build();
    const size_t chunk = file.find(Pack(compression, builder.buffers[0].cpus[1].substr(0, 8192)));
    REQUIRE(chunk != std::string::npos);
    file[chunk] ^= 0x40;
    CHECK(ErrorOfFile(file) == "FCT_DECODE_PACKED at " + std::to_string(chunk));
    file[chunk] ^= 0x40;
    file[chunk - 3] = 0x30;  // states 12288 bytes where there are 8192
    CHECK(ErrorOfFile(file) == "FCT_DECODE_PACKED at " + std::to_string(chunk));
  }
}

TEST_CASE("a small file that states gigabytes is refused before they are unpacked") {
  TraceDat7Builder builder = Sample("zstd");
  builder.chunk_pages = 4096;
  builder.buffers[0].cpus = {{0, std::string(4096 * 4096, '\0')}};
  const std::string bomb = builder.Build();
  REQUIRE(ErrorOfFile(bomb) == "");  // 16 MiB of nought are nothing yet
  for (uint32_t cpu = 1; cpu < 16; cpu++) builder.buffers[0].cpus[cpu] = builder.buffers[0].cpus[0];
  CHECK(ErrorOfFile(builder.Build()).rfind("FCT_DECODE_LIMIT", 0) == 0);
  builder.buffers[0].cpus = {{0, std::string(4096, '\0')}};
  std::string file = builder.Build();
  const size_t chunk = file.find(Pack("zstd", std::string(4096, '\0')));
  REQUIRE(chunk != std::string::npos);
  file[chunk - 1] = '\x7f';
  CHECK(ErrorOfFile(file) == "FCT_DECODE_LIMIT at " + std::to_string(chunk - 8));
}

TEST_CASE("a small file that states thousands of buffers with a CPU each is refused") {
  TraceDat7Builder builder = Sample("none");
  builder.buffers.assign(300, {"", "local", 4096, {{65534, ""}}});
  CHECK(ErrorOfFile(builder.Build()).rfind("FCT_DECODE_LIMIT", 0) == 0);
  builder.buffers.resize(200);
  CHECK(ErrorOfFile(builder.Build()) == "");
}

TEST_CASE("options that lead in a circle are refused") {
  const auto in_circle = [](TraceDat7Builder builder) {
    std::string file = builder.Build();
    std::memcpy(&file[file.size() - 8], &file[27], 8);  // from the last part back to the first
    return ErrorOfFile(file);
  };
  TraceDat7Builder builder = Sample("none");
  CHECK(in_circle(builder).rfind("FCT_DECODE_LIMIT", 0) == 0);  // the same buffer again and again
  builder.buffers.clear();
  CHECK(in_circle(builder).rfind("FCT_DECODE_FORMAT", 0) == 0);
}

TEST_CASE("packed options that lead to themselves are refused before they are unpacked a thousand times") {
  TraceDat7Builder builder = Sample("zstd");
  builder.packs_options = true;
  std::string file = builder.Build();
  const uint64_t at = file.size();
  std::memcpy(&file[27], &at, 8);              // the first part of the options
  std::string options("\x63\0\0\0\0\x02", 6);  // an option that nobody knows, of 32 MiB
  options.resize(options.size() + (32u << 20), '\0');
  Put<uint16_t>(&options, 0);
  Put<uint32_t>(&options, 8);
  Put<uint64_t>(&options, at);
  const std::string block = PackedBlockOf("zstd", options);
  Put<uint32_t>(&file, 1u << 16);  // id and flags
  Put<uint32_t>(&file, 0);
  Put<uint64_t>(&file, block.size());
  CHECK(ErrorOfFile(file + block) == "FCT_DECODE_LIMIT at " + std::to_string(at + 16));
}

TEST_CASE("CPUs that share chunks are refused: a small file must not ask for endless memory") {
  constexpr size_t kEntry = 20;  // u32 CPU, u64 offset and u64 size of its chunks
  std::mt19937 random(1);
  std::string noise(4 * 4096, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  TraceDat7Builder builder = Sample("zlib");
  builder.buffers[0].cpus[0] = noise;
  std::string file = builder.Build();
  char* const second = &file[file.size() - 14 - kEntry];  // the end of the options has 14 bytes
  std::memcpy(second + 4, second + 4 - kEntry, kEntry - 4);
  const auto shared = Load<uint64_t>(reinterpret_cast<const uint8_t*>(second) + 4);
  CHECK(ErrorOfFile(file) == "FCT_DECODE_FORMAT at " + std::to_string(shared));
}

TEST_CASE("an unknown compression, and a compressed section where there is none, are refused") {
  std::string file = Sample("none").Build();
  file[18] = 'x';
  CHECK(ErrorOfFile(file) == "FCT_DECODE_COMPRESSION at 18");
  file = Sample("none").Build();
  file[37] = 1;  // flags of the first section
  CHECK(ErrorOfFile(file) == "FCT_DECODE_FORMAT at 35");
}

}  // namespace
}  // namespace fct
