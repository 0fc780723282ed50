#include <doctest/doctest.h>

#include "expect_error.h"
#include "synthetic_trace.h"
#include "trace_decode_bytes.h"
#include "trace_decode_recording.h"

namespace fct {
namespace {

constexpr int kNumber = 10;  // u32 value
constexpr int kMixed = 11;   // one field of each kind

const std::string kNumberFormat =
    Format("number", kNumber, "\tfield:u32 value;\toffset:8;\tsize:4;\tsigned:0;\n");
const std::string kMixedFormat = Format("mixed", kMixed,
                                        "\tfield:const void * where;\toffset:8;\tsize:8;\tsigned:0;\n"
                                        "\tfield:char comm[8];\toffset:16;\tsize:8;\tsigned:0;\n"
                                        "\tfield:__data_loc char[] name;\toffset:24;\tsize:4;\tsigned:0;\n"
                                        "\tfield:__rel_loc u8[] raw;\toffset:28;\tsize:4;\tsigned:0;\n"
                                        "\tfield:s64 big;\toffset:32;\tsize:8;\tsigned:1;\n");

std::string Number(uint32_t value, int32_t pid = 1) {
  std::string data = Common(kNumber, pid);
  Put(&data, value);
  return data;
}

std::string Mixed(uint64_t where, uint32_t name_word, uint32_t raw_word) {
  std::string data = Common(kMixed, 7);
  Put(&data, where);
  data += std::string("nfsd\0xyz", 8);
  Put(&data, name_word);
  Put(&data, raw_word);
  Put<int64_t>(&data, -5);
  return data + std::string("tail\0\x01\x02\xff", 8);
}

uint32_t Loc(uint32_t offset, uint32_t length) { return offset | length << 16; }

Trace Decode(const std::vector<std::string>& cpus) {
  TraceDatBuilder builder;
  builder.formats = {kNumberFormat, kMixedFormat};
  builder.cpus = cpus;
  return DecodeTrace(MemorySource(builder.Build()));
}

template <typename T>
T At(const Trace& trace, size_t type, size_t field, size_t row) {
  return Load<T>(trace.columns[type][field].data() + row * sizeof(T));
}

// "time/cpu/value" of each row.
std::string Rows(const Trace& trace) {
  std::string text;
  for (size_t row = 0; row < trace.rows.timestamp.size(); row++) {
    const auto value = At<uint32_t>(trace, trace.rows.type[row], 0, trace.rows.index[row]);
    text += std::to_string(trace.rows.timestamp[row]) + "/" + std::to_string(trace.rows.cpu[row]) + "/" +
            std::to_string(value) + " ";
  }
  return text;
}

TEST_CASE("rows of all CPUs are merged by time; of equal times the lower CPU comes first") {
  const auto cpu0 = PageBuilder(10).Event(0, Number(1)).Event(10, Number(2)).Event(0, Number(3)).Build();
  const auto cpu1 = PageBuilder(5).Event(0, Number(4)).Event(15, Number(5)).Event(1, Number(6)).Build();
  CHECK(Rows(Decode({cpu0, cpu1, ""})) == "5/1/4 10/0/1 20/0/2 20/0/3 20/1/5 21/1/6 ");
  CHECK(Rows(Decode({"", ""})).empty());
}

TEST_CASE("every kind of field reaches its column") {
  const std::string first = Mixed(0xffff888004100000, Loc(40, 5), Loc(13, 3));
  const Trace trace =
      Decode({PageBuilder(1).LongEvent(0, first).LongEvent(1, Mixed(0, Loc(0, 0), Loc(0, 0))).Build()});
  REQUIRE(trace.counts[1] == 2);
  CHECK(trace.pointers[At<uint32_t>(trace, 1, 0, 0)] == 0xffff888004100000);
  CHECK(At<uint32_t>(trace, 1, 0, 1) == 0);
  CHECK(trace.strings[At<uint32_t>(trace, 1, 1, 0)] == "nfsd");
  CHECK(trace.strings[At<uint32_t>(trace, 1, 2, 0)] == "tail");
  CHECK(At<uint32_t>(trace, 1, 2, 1) == 0);
  CHECK(trace.strings[At<uint32_t>(trace, 1, 3, 0)] == "0102ff");
  CHECK(At<int64_t>(trace, 1, 4, 0) == -5);
  CHECK(trace.rows.pid[0] == 7);
}

TEST_CASE("equal pointers have equal ids, also when there are many") {
  std::string pages;
  for (uint64_t page = 0; page < 400; page++) {
    PageBuilder builder(page * 100);
    for (uint64_t i = 0; i < 50; i++) {
      builder.LongEvent(1, Mixed(0xffff888000000000 + (page * 50 + i) % 7919 * 0x100, 0, 0));
    }
    pages += builder.Build();
  }
  const Trace trace = Decode({pages});
  CHECK(trace.pointers.size() == 7920);
  CHECK(At<uint32_t>(trace, 1, 0, 3) == At<uint32_t>(trace, 1, 0, 3 + 7919));
}

TEST_CASE("a field that points out of its event is refused") {
  const auto error = [](uint32_t name, uint32_t raw) {
    return ErrorOf([&] { Decode({PageBuilder(1).LongEvent(0, Mixed(0, name, raw)).Build()}); });
  };
  CHECK(error(Loc(40, 8), Loc(0, 0)) == "");
  CHECK(error(Loc(41, 8), Loc(0, 0)) == "FCT_DECODE_FIELD at 4144");
  CHECK(error(Loc(65535, 65535), Loc(0, 0)) == "FCT_DECODE_FIELD at 4144");
  CHECK(error(Loc(0, 0), Loc(8, 8)) == "");
  CHECK(error(Loc(0, 0), Loc(9, 8)) == "FCT_DECODE_FIELD at 4148");
}

TEST_CASE("an event that is shorter than its fields is refused") {
  CHECK(ErrorOf([] { Decode({PageBuilder(1).Event(0, Common(kNumber, 1)).Build()}); }) ==
        "FCT_DECODE_FIELD at 4116");
  CHECK(ErrorOf([] { Decode({PageBuilder(1).Event(0, "abcd").Build()}); }) == "FCT_DECODE_FIELD at 4116");
}

// Of the fields that every event has, only common_pid is elsewhere.
std::string FormatWithPidAt(const std::string& name, int id, const std::string& offset) {
  std::string text = Format(name, id, "\tfield:u32 value;\toffset:8;\tsize:4;\tsigned:0;\n");
  const std::string usual = "common_pid;\toffset:4;";
  return text.replace(text.find(usual), usual.size(), "common_pid;\toffset:" + offset + ";");
}

TEST_CASE("the pid is read where the types have it, and not behind an event that ends before it") {
  TraceDatBuilder builder;
  builder.formats = {FormatWithPidAt("late", 20, "16"), FormatWithPidAt("later", 21, "16")};
  const auto decode = [&](const std::string& event) {
    builder.cpus = {PageBuilder(1).Event(0, event).Build()};
    return DecodeTrace(MemorySource(builder.Build()));
  };
  for (const uint16_t id : {20, 21, 999}) {
    std::string event = Common(id, 111);
    for (const int32_t word : {5, 222, 333}) Put(&event, word);
    CHECK(decode(event).rows.pid[0] == 333);
    CHECK(ErrorOf([&] { decode(event.substr(0, 16)); }) == "FCT_DECODE_FIELD at 4116");
  }
}

TEST_CASE("types that disagree about where the pid is are refused, in either order") {
  for (const char* first : {"4", "16"}) {
    TraceDatBuilder builder;
    builder.formats = {FormatWithPidAt("one", 20, first), FormatWithPidAt("other", 21, "12")};
    builder.cpus = {""};
    CHECK(ErrorOf([&] { DecodeTrace(MemorySource(builder.Build())); }).find("FCT_DECODE_FORMAT at ") == 0);
  }
}

TEST_CASE("an event of a type that the file does not describe keeps its row") {
  const Trace trace = Decode({PageBuilder(1).Event(0, Common(999, 5)).Event(1, Common(999, 6)).Build()});
  REQUIRE(trace.types.size() == 3);
  CHECK(trace.types[2].format.name == "unknown_999");
  CHECK(trace.counts[2] == 2);
  CHECK(trace.rows.pid[1] == 6);
}

TEST_CASE("gaps say between which events something is missing, and how much if it is known") {
  const auto before = PageBuilder(10).Event(0, Number(1)).Build();
  const auto counted = PageBuilder(50).Event(3, Number(2)).Missed(17).Build();
  const auto uncounted = PageBuilder(90).Event(0, Number(3)).Missed(std::nullopt).Build();
  const Trace trace = Decode({"", before + counted + uncounted});
  REQUIRE(trace.gaps.size() == 2);
  CHECK(trace.gaps[0].cpu == 1);
  CHECK(trace.gaps[0].after == 10);
  CHECK(trace.gaps[0].before == 53);
  CHECK(trace.gaps[0].is_counted);
  CHECK(trace.gaps[0].missed == 17);
  CHECK(trace.gaps[1].after == 53);
  CHECK_FALSE(trace.gaps[1].is_counted);
}

TEST_CASE("a gap before the first event begins at 0, one behind the last never ends, neighbours are one") {
  const auto first = PageBuilder(10).Event(0, Number(1)).Missed(1).Build();
  const auto nothing = PageBuilder(20).Missed(2).Build();
  const Trace trace = Decode({first + nothing + nothing});
  REQUIRE(trace.gaps.size() == 2);
  CHECK(trace.gaps[0].after == 0);
  CHECK(trace.gaps[0].before == 10);
  CHECK(trace.gaps[1].after == 10);
  CHECK(trace.gaps[1].before == Gap::kNoEventAfter);
  CHECK(trace.gaps[1].missed == 4);
}

TEST_CASE("a stamp below the one before is raised to it, and counted") {
  const auto first = PageBuilder(10).Discarded(5, 4).Event(1, Number(1)).Build();
  const auto second = PageBuilder(11).Event(0, Number(2)).Event(9, Number(3)).Build();
  const Trace trace = Decode({first + second});
  CHECK(Rows(trace) == "16/0/1 16/0/2 20/0/3 ");
  CHECK(trace.per_cpu[0].raised == 1);
  CHECK(trace.per_cpu[0].pages == 2);
  CHECK(trace.per_cpu[0].events == 3);
}

TEST_CASE("so is one that goes back within a sub-buffer") {
  const PageBuilder page = PageBuilder(10).Event(5, Number(1)).AbsoluteTime(12);
  const Trace trace = Decode({PageBuilder(page).Event(1, Number(2)).Event(9, Number(3)).Build()});
  CHECK(Rows(trace) == "15/0/1 15/0/2 22/0/3 ");
  CHECK(trace.per_cpu[0].raised == 1);
}

TEST_CASE("a trace of a 32-bit kernel") {
  TraceDatBuilder builder;
  builder.long_size = 4;
  builder.formats = {Format("p", 1, "\tfield:void * p;\toffset:8;\tsize:4;\tsigned:0;\n")};
  std::string data = Common(1, 3);
  Put<uint32_t>(&data, 0xc1234567);
  builder.cpus = {PageBuilder(5, 4).Event(0, data).Missed(3).Build()};
  const Trace trace = DecodeTrace(MemorySource(builder.Build()));
  CHECK(trace.head.long_size == 4);
  CHECK(trace.pointers[At<uint32_t>(trace, 0, 0, 0)] == 0xc1234567);
  CHECK(trace.gaps[0].missed == 3);
}

TEST_CASE("a long is as long as header_page says, whatever the recorder's was") {
  TraceDatBuilder builder;
  builder.formats = {kMixedFormat};
  builder.cpus = {PageBuilder(5).LongEvent(0, Mixed(0xffff888004100000, 0, 0)).Build()};
  std::string file = builder.Build();
  file[13] = 4;
  const Trace trace = DecodeTrace(MemorySource(file));
  CHECK(trace.head.long_size == 8);
  CHECK(trace.pointers[1] == 0xffff888004100000);
}

std::string ClockOption(const std::string& text) {
  std::string option;
  Put<uint16_t>(&option, 4);
  Put<uint32_t>(&option, static_cast<uint32_t>(text.size()));
  return option + text;
}

TEST_CASE("the clock is the option's, or the one behind the table of CPUs") {
  TraceDatBuilder builder;
  builder.cpus = {""};
  CHECK(DecodeTrace(MemorySource(builder.Build())).head.buffer.clock == "");
  builder.has_clock = true;
  builder.options = ClockOption("");
  CHECK(DecodeTrace(MemorySource(builder.Build())).head.buffer.clock == "local");
  builder.options = ClockOption("local global [counter] mono\n");
  CHECK(DecodeTrace(MemorySource(builder.Build())).head.buffer.clock == "counter");
}

TEST_CASE("the ring buffers' own counters are those that the recorder saved") {
  const auto option = [](const std::string& text) {
    std::string bytes;
    Put<uint16_t>(&bytes, 2);
    Put<uint32_t>(&bytes, static_cast<uint32_t>(text.size()));
    return bytes + text;
  };
  TraceDatBuilder builder;
  builder.cpus = {"", ""};
  builder.options = option(
                        "CPU: 1\nentries: 3\noverrun: 5\ncommit overrun: 2\nbytes: 8\ndropped events: "
                        "1\nread events: 7\n") +
                    option("\nBuffer: other\n\n") + option("CPU: 0\noverrun: 9\n") + option("CPU: x\n") +
                    option("");
  const Trace trace = DecodeTrace(MemorySource(builder.Build()));
  REQUIRE(trace.head.buffer.ring_stats.size() == 1);
  const RingStats& stats = trace.head.buffer.ring_stats.at(1);
  CHECK(stats.entries == 3);
  CHECK(stats.overrun == 5);
  CHECK(stats.commit_overrun == 2);
  CHECK(stats.dropped == 1);
  CHECK(stats.read == 7);
}

// A file whose pages are in an instance buffer (`trace-cmd record -B`): its table stands where the option
// says.
std::string WithInstanceBuffer(const std::string& top_pages, const std::string& pages) {
  TraceDatBuilder builder;
  builder.formats = {kNumberFormat};
  builder.cpus = {top_pages};
  std::string option;
  Put<uint16_t>(&option, 3);
  Put<uint32_t>(&option, 10);
  const uint64_t at = 4096 + top_pages.size();
  Put(&option, at);
  builder.options = option + std::string("h\0", 2);
  std::string file = builder.Build();
  file += std::string("flyrecord\0", 10);
  Put<uint64_t>(&file, at + 26);
  Put<uint64_t>(&file, pages.size());
  return file + pages;
}

TEST_CASE("the one buffer that has pages is taken, wherever it is") {
  const auto pages = PageBuilder(10).Event(0, Number(1)).Build();
  CHECK(Rows(DecodeTrace(MemorySource(WithInstanceBuffer("", pages)))) == "10/0/1 ");
  CHECK(Rows(DecodeTrace(MemorySource(WithInstanceBuffer(pages, "")))) == "10/0/1 ");
  CHECK(ErrorOf([&] { DecodeTrace(MemorySource(WithInstanceBuffer(pages, pages))); }) ==
        "FCT_DECODE_BUFFERS at 8192");
  const auto more = PageBuilder(20).Event(0, Number(2)).Build();
  CHECK(Rows(DecodeTrace(MemorySource(WithInstanceBuffer(pages, more)), "")) == "10/0/1 ");
  CHECK(Rows(DecodeTrace(MemorySource(WithInstanceBuffer(pages, more)), "h")) == "20/0/2 ");
  CHECK(ErrorOf([&] { DecodeTrace(MemorySource(WithInstanceBuffer(pages, more)), "i"); }) ==
        "FCT_DECODE_BUFFERS at 0");
}

std::string ErrorOfFile(const std::string& file) {
  return ErrorOf([&] { DecodeTrace(MemorySource(file)); });
}

TEST_CASE("files that are something else are refused with a reason") {
  TraceDatBuilder builder;
  builder.formats = {kNumberFormat};
  builder.cpus = {PageBuilder(10).Event(0, Number(1)).Build()};
  const std::string good = builder.Build();
  REQUIRE(ErrorOfFile(good) == "");
  CHECK(ErrorOfFile("") == "FCT_DECODE_MAGIC at 0");
  CHECK(ErrorOfFile("PERFILE2" + std::string(100, 'x')) == "FCT_DECODE_MAGIC at 0");
  std::string other = good;
  other[10] = '5';
  CHECK(ErrorOfFile(other) == "FCT_DECODE_VERSION at 10");
  other = good;
  other[12] = 1;
  CHECK(ErrorOfFile(other) == "FCT_DECODE_ENDIAN at 12");
  other = good;
  CHECK(ErrorOfFile(good.substr(0, good.size() - 1)).rfind("FCT_DECODE_TRUNCATED", 0) == 0);
}

TEST_CASE("wherever a file is cut off, it is refused") {
  TraceDatBuilder builder;
  builder.formats = {kNumberFormat, kMixedFormat};
  builder.options = ClockOption("[counter]");
  builder.has_clock = true;
  builder.cpus = {PageBuilder(10).Event(0, Number(1)).Build(), PageBuilder(10).Event(0, Number(1)).Build()};
  const std::string good = builder.Build();
  for (size_t length = 0; length < good.size(); length++)
    CHECK_FALSE(ErrorOfFile(good.substr(0, length)).empty());
}

TEST_CASE("CPUs that share pages are refused: a small file must not ask for endless work") {
  TraceDatBuilder builder;
  builder.formats = {kNumberFormat};
  const std::string pages = PageBuilder(10).Event(0, Number(1)).Build();
  builder.cpus = std::vector<std::string>(200, pages);
  std::string file = builder.Build();
  const size_t table = file.find(std::string("flyrecord\0", 10)) + 10;
  for (size_t cpu = 0; cpu < 200; cpu++) std::memcpy(&file[table + cpu * 16], &file[table], 16);
  file.resize(4096 * 4);
  CHECK(ErrorOfFile(file).rfind("FCT_DECODE_FORMAT", 0) == 0);
}

}  // namespace
}  // namespace fct
