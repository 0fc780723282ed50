// Random damage to sound traces: whatever it is, the decoder answers with a trace or a DecodeError, and soon.
// The sanitizers and MemorySource watch.
#include <doctest/doctest.h>

#include <random>

#include "expect_error.h"
#include "synthetic_trace7.h"
#include "trace_decode_recording.h"

namespace fct {
namespace {

const std::vector<std::string> kFormats = {
    Format("a", 10,
           "\tfield:void * p;\toffset:8;\tsize:8;\tsigned:0;\n\tfield:char "
           "c[8];\toffset:16;\tsize:8;\tsigned:0;\n",
           "\"%s\", __print_flags(REC->p, \"|\", { 1 << (0), \"x\" })"),
    Format("b", 11,
           "\tfield:__data_loc char[] s;\toffset:8;\tsize:4;\tsigned:0;\n\tfield:char "
           "t[];\toffset:12;\tsize:0;\tsigned:0;\n")};

std::string SamplePages(std::mt19937* random) {
  PageBuilder page(100, 8, 256);
  page.Event(0, Common(10, 1) + std::string(16, 'x')).TimeExtend(1u << 30);
  std::string data = Common(11, 2);
  Put<uint32_t>(&data, 12 | 4 << 16);
  page.Event(3, data + "abcd")
      .LongEvent(2, data + "abcdefgh")
      .Discarded(1, 8)
      .Event(1, Common(10, 1) + std::string(16, 'y'));
  if ((*random)() % 2 == 0) page.Missed((*random)() % 100);
  return page.Build() + page.Build();
}

std::string Sample(std::mt19937* random) {
  TraceDatBuilder builder;
  builder.formats = kFormats;
  for (int cpu = 0; cpu < 2; cpu++) builder.cpus.push_back(SamplePages(random));
  builder.page_size = 256;
  return builder.Build();
}

std::string Sample7(std::mt19937* random) {
  static constexpr const char* kCompressions[] = {"none", "none", "zlib", "zstd"};
  TraceDat7Builder builder;
  builder.compression = kCompressions[(*random)() % 4];
  builder.packs_options = (*random)() % 2 == 0;
  builder.formats = kFormats;
  builder.comms = "1 init\n2 kthreadd\n";
  builder.page_size = 256;
  builder.chunk_pages = 1;
  builder.buffers = {{"", "local", 256, {{0, SamplePages(random)}, {1, SamplePages(random)}}}};
  if ((*random)() % 2 == 0) builder.buffers.push_back({"other", "mono", 256, {}});
  return builder.Build();
}

void Damage(std::string* file, std::mt19937* random) {
  static constexpr char kTelling[] = {0, 1, 4, 29, 30, 31, 127, -128, -1, '[', ']', '(', ';', '\n'};
  for (uint32_t count = 1 + (*random)() % 6; count > 0; count--) {
    const size_t at = (*random)() % file->size();
    const uint32_t how = (*random)() % 3;
    if (how == 0) (*file)[at] = static_cast<char>((*random)());
    if (how == 1) (*file)[at] = kTelling[(*random)() % sizeof kTelling];
    if (how == 2) (*file)[at] = static_cast<char>((*file)[at] ^ (1 << (*random)() % 8));
  }
  if ((*random)() % 8 == 0) file->resize((*random)() % file->size());
}

TEST_CASE("five thousand damaged traces") {
  std::mt19937 random(20240611);
  size_t refused = 0;
  for (int round = 0; round < 5000; round++) {
    std::string file = Sample(&random);
    Damage(&file, &random);
    CAPTURE(round);
    refused += !ErrorOf([&] { DecodeTrace(MemorySource(file)); }).empty();
  }
  MESSAGE(refused << " were refused");
  CHECK(refused > 500);
}

TEST_CASE("five thousand damaged traces of version 7") {
  std::mt19937 random(20240612);
  size_t refused = 0;
  for (int round = 0; round < 5000; round++) {
    std::string file = Sample7(&random);
    Damage(&file, &random);
    CAPTURE(round);
    refused += !ErrorOf([&] { DecodeTrace(MemorySource(file)); }).empty();
  }
  MESSAGE(refused << " were refused");
  CHECK(refused > 500);
}

TEST_CASE("pages of noise") {
  std::mt19937 random(7);
  const PageLayout layout = LayoutOf(8, 256);
  for (int round = 0; round < 5000; round++) {
    TraceDatBuilder builder;
    builder.page_size = 256;
    std::string page(256, '\0');
    for (char& byte : page) byte = static_cast<char>(random());
    page[8] = static_cast<char>(random() % (layout.page_size - layout.data_offset + 1));
    page[9] = page[10] = page[11] = 0;
    builder.cpus = {page};
    ErrorOf([&] { DecodeTrace(MemorySource(builder.Build())); });
  }
}

}  // namespace
}  // namespace fct
