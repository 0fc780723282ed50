#include "trace_decode_page.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "expect_error.h"
#include "synthetic_trace.h"

namespace fct {
namespace {

struct Walked {
  uint64_t timestamp;
  std::string data;
  bool operator==(const Walked& other) const { return timestamp == other.timestamp && data == other.data; }
};

// The page in memory of its own size, so that the address sanitizer sees every step too far.
std::vector<Walked> Walk(const std::string& page, const PageLayout& layout = LayoutOf()) {
  const std::vector<uint8_t> bytes(page.begin(), page.end());
  const PageHeader header = ReadPageHeader(layout, bytes.data(), 1000);
  std::vector<Walked> walked;
  std::vector<Record> records(header.committed / kLeastEvent);
  size_t found = 0;
  PageWalker(layout, header, bytes.data(), 1000, 0).TakeAll(records.data(), &found);
  records.resize(found);
  for (const Record& record : records) {
    walked.push_back(
        {record.timestamp, std::string(reinterpret_cast<const char*>(record.data), record.length)});
  }
  return walked;
}

std::string ErrorOfPage(const PageBuilder& page) {
  return ErrorOf([&] { Walk(page.Build()); });
}

TEST_CASE("events come with the sum of the deltas so far") {
  const auto page = PageBuilder(100).Event(0, "aaaa").Event(5, "bbbbbbbb").Event(7, "cccc").Build();
  CHECK(Walk(page) == std::vector<Walked>{{100, "aaaa"}, {105, "bbbbbbbb"}, {112, "cccc"}});
}

TEST_CASE("an empty page has no events") { CHECK(Walk(PageBuilder(100).Build()).empty()); }

TEST_CASE("an event that is too long for its header carries its length") {
  const std::string data(500, 'z');
  CHECK(Walk(PageBuilder(1).LongEvent(2, data).Event(1, "next").Build()) ==
        std::vector<Walked>{{3, data}, {4, "next"}});
}

TEST_CASE("a time extend adds to the next event's delta") {
  const uint64_t extend = (uint64_t{3} << 27) + 9;
  CHECK(Walk(PageBuilder(10).TimeExtend(extend).Event(1, "aaaa").Build()) ==
        std::vector<Walked>{{11 + extend, "aaaa"}});
}

TEST_CASE("an absolute stamp replaces the time; its top five bits are the page's") {
  const uint64_t top = uint64_t{5} << 59;
  CHECK(Walk(PageBuilder(10).AbsoluteTime(5000).Event(1, "aaaa").Build()) ==
        std::vector<Walked>{{5001, "aaaa"}});
  CHECK(Walk(PageBuilder(top + 10).AbsoluteTime(5000).Event(1, "aaaa").Build()) ==
        std::vector<Walked>{{top + 5001, "aaaa"}});
}

TEST_CASE("an absolute stamp whose 59 bits have wrapped is behind the time so far") {
  const uint64_t top = uint64_t{5} << 59;
  const uint64_t late = top + (uint64_t{1} << 59) - 4;
  CHECK(Walk(PageBuilder(late).AbsoluteTime(3).Event(0, "aaaa").Build()) ==
        std::vector<Walked>{{(uint64_t{6} << 59) + 3, "aaaa"}});
}

TEST_CASE("padding without a delta ends the page") {
  CHECK(Walk(PageBuilder(1).Event(0, "aaaa").Raw(29).Raw(0xffffffff).Build()) ==
        std::vector<Walked>{{1, "aaaa"}});
}

TEST_CASE("a discarded event is passed over, and its time counts") {
  CHECK(Walk(PageBuilder(1).Discarded(4, 12).Event(2, "aaaa").Build()) == std::vector<Walked>{{7, "aaaa"}});
}

TEST_CASE("pages of a 32-bit kernel have a header of 12 bytes") {
  const auto page = PageBuilder(100, 4).Event(1, "aaaa").Build();
  CHECK(Walk(page, LayoutOf(4)) == std::vector<Walked>{{101, "aaaa"}});
}

TEST_CASE("a sub-buffer of 64 KiB is walked whole") {
  PageBuilder page(0, 8, 65536);
  for (int i = 0; i < 5000; i++) page.Event(1, "eight by");
  CHECK(Walk(page.Build(), LayoutOf(8, 65536)).size() == 5000);
}

PageHeader HeaderOf(const std::string& page, uint32_t long_size = 8) {
  return ReadPageHeader(LayoutOf(long_size), reinterpret_cast<const uint8_t*>(page.data()), 0);
}

TEST_CASE("missed events are told, with their number where it is stored") {
  const PageHeader clean = HeaderOf(PageBuilder().Event(0, "aaaa").Build());
  CHECK_FALSE(clean.missed_before);
  CHECK_FALSE(clean.missed);
  const PageHeader uncounted = HeaderOf(PageBuilder().Event(0, "aaaa").Missed(std::nullopt).Build());
  CHECK(uncounted.missed_before);
  CHECK_FALSE(uncounted.missed);
  CHECK(uncounted.committed == 8);
  const PageHeader counted = HeaderOf(PageBuilder().Event(0, "aaaa").Missed(12345678901).Build());
  CHECK(counted.missed_before);
  CHECK(counted.missed == 12345678901);
  const PageHeader narrow = HeaderOf(PageBuilder(0, 4).Event(0, "aaaa").Missed(77).Build(), 4);
  CHECK(narrow.missed == 77);
}

TEST_CASE("a page that claims more than it has is refused, with the place of the claim") {
  std::string page = PageBuilder().Build();
  page[8] = static_cast<char>(0xf1);
  page[9] = 0x0f;  // 4081 of 4080 bytes
  CHECK(ErrorOf([&] { HeaderOf(page); }) == "FCT_DECODE_PAGE at 8");
  page[8] = static_cast<char>(0xec);
  page[11] = static_cast<char>(0xc0);  // 4076 bytes and a count of 8
  CHECK(ErrorOf([&] { HeaderOf(page); }) == "FCT_DECODE_PAGE at 8");
}

TEST_CASE("events that run over the end of what is committed are refused, with the place of their header") {
  CHECK(ErrorOfPage(PageBuilder().Event(0, "aaaa").Raw(2)) == "FCT_DECODE_EVENT at 1024");
  CHECK(ErrorOfPage(PageBuilder().Raw(0)) == "FCT_DECODE_EVENT at 1016");
  CHECK(ErrorOfPage(PageBuilder().Raw(0).Raw(0)) == "FCT_DECODE_EVENT at 1016");
  CHECK(ErrorOfPage(PageBuilder().Raw(0).Raw(6).Raw(0)) == "FCT_DECODE_EVENT at 1016");
  CHECK(ErrorOfPage(PageBuilder().Raw(0).Raw(0xfffffffc)) == "FCT_DECODE_EVENT at 1016");
  CHECK(ErrorOfPage(PageBuilder().Raw(30)) == "FCT_DECODE_EVENT at 1016");
  CHECK(ErrorOfPage(PageBuilder().Raw(31)) == "FCT_DECODE_EVENT at 1016");
  CHECK(ErrorOfPage(PageBuilder().Raw(29 | 1 << 5)) == "FCT_DECODE_EVENT at 1016");
  CHECK(ErrorOfPage(PageBuilder().Raw(29 | 1 << 5).Raw(0)) == "FCT_DECODE_EVENT at 1016");
  CHECK(ErrorOfPage(PageBuilder().Raw(29 | 1 << 5).Raw(0xfffffffc)) == "FCT_DECODE_EVENT at 1016");
}

}  // namespace
}  // namespace fct
