#include "trace_decode_stream.h"

#include <doctest/doctest.h>

#include <random>

#include "expect_error.h"
#include "synthetic_trace.h"
#include "trace_decode_recording.h"

namespace fct {
namespace {

constexpr int kNumber = 10;

std::string Number(uint32_t value) {
  std::string data = Common(kNumber, 1);
  Put(&data, value);
  return data;
}

const std::string kFormats[] = {
    Format("number", kNumber, "\tfield:u32 value;\toffset:8;\tsize:4;\tsigned:0;\n"),
};

StreamHead Head(uint16_t cpus) { return {HeaderPage(), {{"test", kFormats[0]}}, cpus}; }

void Push(TraceStream* stream, uint16_t cpu, const std::string& page) {
  stream->Push(cpu, reinterpret_cast<const uint8_t*>(page.data()), page.size());
}

// "time/cpu/value" of each row.
std::string Rows(const Batch& batch) {
  std::string text;
  for (size_t row = 0; row < batch.rows.timestamp.size(); row++) {
    const uint8_t* values = batch.columns[batch.rows.type[row]][0].data();
    text += std::to_string(batch.rows.timestamp[row]) + "/" + std::to_string(batch.rows.cpu[row]) + "/" +
            std::to_string(Load<uint32_t>(values + batch.rows.index[row] * 4)) + " ";
  }
  return text;
}

TEST_CASE("an event waits until no other CPU can have an earlier one") {
  TraceStream stream(Head(2));
  Push(&stream, 0, PageBuilder(10).Event(0, Number(1)).Event(10, Number(2)).Build());
  CHECK(Rows(stream.Decode(100)).empty());
  Push(&stream, 1, PageBuilder(15).Event(0, Number(3)).Build());
  CHECK(Rows(stream.Decode(100)) == "10/0/1 15/1/3 ");
  stream.QuietUntil(1, 20);
  CHECK(Rows(stream.Decode(100)) == "20/0/2 ");
  stream.End();
  CHECK(Rows(stream.Decode(100)).empty());
  CHECK(stream.decoder().is_ended());
}

TEST_CASE("of equal times the lower CPU's comes first, whichever comes in first") {
  TraceStream stream(Head(2));
  Push(&stream, 1, PageBuilder(10).Event(0, Number(1)).Event(1, Number(2)).Build());
  CHECK(Rows(stream.Decode(100)).empty());
  stream.QuietUntil(0, 10);  // at 10 it may still have one, which comes before CPU 1's
  CHECK(Rows(stream.Decode(100)).empty());
  Push(&stream, 0, PageBuilder(10).Event(0, Number(3)).Build());
  CHECK(Rows(stream.Decode(100)) == "10/0/3 ");
  stream.QuietUntil(0, 11);
  CHECK(Rows(stream.Decode(100)) == "10/1/1 ");
}

TEST_CASE("a quiet CPU counts from behind the pages that came before it was said") {
  TraceStream stream(Head(2));
  stream.QuietUntil(0, 50);
  Push(&stream, 0, PageBuilder(60).Event(0, Number(1)).Build());
  Push(&stream, 1, PageBuilder(40).Event(0, Number(2)).Event(15, Number(3)).Event(10, Number(4)).Build());
  CHECK(Rows(stream.Decode(100)) == "40/1/2 55/1/3 60/0/1 ");
}

TEST_CASE("an event from a time that was said to be quiet is raised to it, and counted") {
  TraceStream stream(Head(1));
  stream.QuietUntil(0, 50);
  CHECK(Rows(stream.Decode(100)).empty());
  Push(&stream, 0, PageBuilder(40).Event(0, Number(1)).Build());
  CHECK(Rows(stream.Decode(100)) == "50/0/1 ");
  CHECK(stream.decoder().Summaries()[0].raised == 1);
}

TEST_CASE("a batch has at most what was asked for; ids and gaps go on in the next") {
  TraceStream stream(Head(1));
  PageBuilder page(10);
  for (uint32_t i = 0; i < 5; i++) page.Event(1, Number(i));
  Push(&stream, 0, page.Missed(7).Build());
  stream.End();
  const Batch first = stream.Decode(2);
  CHECK(Rows(first) == "11/0/0 12/0/1 ");
  REQUIRE(first.gaps.size() == 1);
  CHECK(first.gaps[0].missed == 7);
  const Batch second = stream.Decode(100);
  CHECK(Rows(second) == "13/0/2 14/0/3 15/0/4 ");
  CHECK(second.gaps.empty());
  CHECK(second.pointers.size() == 0);
  CHECK(second.strings.empty());
}

TEST_CASE("an error has its place in the stream of its CPU") {
  TraceStream stream(Head(2));
  const std::string good = PageBuilder(10).Event(0, Number(1)).Build();
  Push(&stream, 1, good);
  Push(&stream, 1, PageBuilder(20).Event(0, Common(kNumber, 1)).Build());
  stream.End();
  CHECK(ErrorOf([&] { stream.Decode(100); }) == "FCT_DECODE_FIELD at " + std::to_string(4096 + 20));
}

// Pages of one CPU, with times that other CPUs have, too.
std::vector<std::string> RandomPages(std::mt19937* random) {
  std::vector<std::string> pages;
  uint64_t time = (*random)() % 50;
  for (uint32_t count = (*random)() % 6; count > 0; count--) {
    PageBuilder page(time);
    for (uint32_t events = (*random)() % 5; events > 0; events--) {
      const uint32_t delta = (*random)() % 20;
      page.Event(delta, Number(static_cast<uint32_t>((*random)())));
      time += delta;
    }
    pages.push_back(page.Build());
  }
  return pages;
}

std::string RowsOfWhole(const std::vector<std::vector<std::string>>& cpus) {
  TraceDatBuilder builder;
  builder.formats = {kFormats[0]};
  for (const auto& pages : cpus) {
    builder.cpus.emplace_back();
    for (const std::string& page : pages) builder.cpus.back() += page;
  }
  return Rows(DecodeTrace(MemorySource(builder.Build())));
}

TEST_CASE("whatever comes when, the batches together are the whole trace") {
  std::mt19937 random(5);
  for (int round = 0; round < 500; round++) {
    CAPTURE(round);
    std::vector<std::vector<std::string>> cpus;
    for (uint32_t cpu = 1 + random() % 4; cpu > 0; cpu--) cpus.push_back(RandomPages(&random));
    TraceStream stream(Head(static_cast<uint16_t>(cpus.size())));
    std::vector<size_t> next(cpus.size(), 0);
    std::string rows;
    for (size_t left = 0;; left = 0) {
      for (size_t cpu = 0; cpu < cpus.size(); cpu++) left += cpus[cpu].size() - next[cpu];
      if (left == 0) break;
      const size_t cpu = random() % cpus.size();
      if (next[cpu] < cpus[cpu].size()) Push(&stream, static_cast<uint16_t>(cpu), cpus[cpu][next[cpu]++]);
      if (random() % 2 == 0) rows += Rows(stream.Decode(1 + random() % 4));
    }
    stream.End();
    while (!stream.decoder().is_ended()) rows += Rows(stream.Decode(3));
    CHECK(rows == RowsOfWhole(cpus));
  }
}

}  // namespace
}  // namespace fct
