#include "trace_reader_cpu.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "synthetic_trace.h"

namespace fct {
namespace {

using Result = CpuReader::Result;

constexpr uint64_t kRing = 16;  // sub-buffers

// An instance whose only CPU is a pipe: like a kernel before 6.1, it says that it can be read whenever there
// is anything.
class PipeInstance {
 public:
  PipeInstance() {
    char path[] = "/tmp/fct-instance-XXXXXX";
    folder_ = ::mkdtemp(path);
    const std::string cpu = folder_ + "/per_cpu/cpu0";
    std::filesystem::create_directories(cpu);
    std::ofstream(cpu + "/buffer_size_kb") << kRing * 4 << "\n";
    REQUIRE(::mkfifo((cpu + "/trace_pipe_raw").c_str(), 0600) == 0);
    writer_ = OpenFile(cpu + "/trace_pipe_raw", O_RDWR);
  }
  ~PipeInstance() { std::filesystem::remove_all(folder_); }

  const std::string& folder() const { return folder_; }
  void WakeAt(int percent) { std::ofstream(folder_ + "/buffer_percent") << percent << "\n"; }
  void Write(const std::string& page) {
    REQUIRE(::write(writer_.get(), page.data(), page.size()) == static_cast<ssize_t>(page.size()));
  }

 private:
  std::string folder_;
  UniqueFd writer_;
};

std::string Page(int events) {
  PageBuilder builder(1);
  for (int i = 0; i < events; i++) builder.Event(1, std::string(60, 'x'));
  return builder.Build();
}

void Pace(CpuReader* reader, uint64_t tick, std::initializer_list<Result> results) {
  for (const Result result : results) reader->Pace(tick, result);
}

void PaceFull(CpuReader* reader, uint64_t tick, uint64_t pages) {
  for (uint64_t page = 0; page < pages; page++) reader->Pace(tick, Result::kFull);
  reader->Pace(tick, Result::kEmpty);
}

TEST_CASE("a page that is less than half full is a part") {
  PipeInstance instance;
  CpuReader reader(instance.folder(), 0, 4096);
  const PageLayout layout = LayoutOf();
  uint8_t page[4096];
  uint32_t length = 0;
  instance.Write(Page(10));
  instance.Write(Page(60));
  CHECK(reader.Read(layout, page, &length) == Result::kPart);
  CHECK(length == 16 + 10 * 64);
  CHECK(reader.Read(layout, page, &length) == Result::kFull);
  CHECK(length == 16 + 60 * 64);
  CHECK(reader.Read(layout, page, &length) == Result::kEmpty);
  reader.Close();
  CHECK(reader.Read(layout, page, &length) == Result::kGone);
}

TEST_CASE("the rest of a sub-buffer that was read in part does not end a turn, full ones may be behind it") {
  PipeInstance instance;
  CpuReader reader(instance.folder(), 0, 4096);
  for (const uint64_t tick : {100, 300}) {
    CHECK(reader.IsNearlyDue(tick));
    Pace(&reader, tick, {Result::kPart});
    CHECK(reader.IsNearlyDue(tick));
    Pace(&reader, tick, {Result::kFull, Result::kFull});
    CHECK(reader.IsNearlyDue(tick));
    Pace(&reader, tick, {Result::kPart});
    CHECK(reader.due() > tick);
  }
  // With nothing behind it.
  Pace(&reader, 1000, {Result::kPart, Result::kEmpty});
  CHECK(reader.due() > 1000);
}

TEST_CASE("a turn that was cut short for want of room begins anew") {
  PipeInstance instance;
  CpuReader reader(instance.folder(), 0, 4096);
  Pace(&reader, 100, {Result::kFull});
  reader.Delay(100);
  CHECK(reader.due() == 101);
  Pace(&reader, 101, {Result::kPart});
  CHECK(reader.due() == 101);
}

TEST_CASE("a kernel whose poll says at once that there is something is not asked again") {
  PipeInstance instance;
  CpuReader reader(instance.folder(), 0, 4096);
  CHECK(reader.poll_fd() >= 0);
  // Whatever the timer finds says nothing about poll.
  Pace(&reader, 1, {Result::kPart, Result::kEmpty});
  PaceFull(&reader, 2, kRing);
  CHECK(reader.poll_fd() >= 0);
  // Half of the ring buffer, as buffer_percent is, or nearly so.
  reader.Hurry();
  CHECK(reader.due() == 0);
  PaceFull(&reader, 3, kRing / 2 - 2);
  CHECK(reader.poll_fd() >= 0);
  reader.Hurry();
  Pace(&reader, 4, {Result::kPart, Result::kFull, Result::kPart});
  CHECK(reader.poll_fd() == -1);
  PaceFull(&reader, 5, kRing);
  CHECK(reader.poll_fd() == -1);
}

TEST_CASE("the timer keeps to half of the ring buffer, and to a quarter where poll cannot be used") {
  PipeInstance instance;
  const auto wait_after = [&instance](bool is_poll_used, uint64_t pages) {
    CpuReader reader(instance.folder(), 0, 4096);
    if (!is_poll_used) {
      reader.Hurry();
      PaceFull(&reader, 0, 0);
    }
    // From a wait of 16 ticks on.
    while (reader.due() < 16) PaceFull(&reader, 0, 0);
    PaceFull(&reader, 0, pages);
    return reader.due();
  };
  CHECK(wait_after(true, kRing / 4) == 32);
  CHECK(wait_after(true, kRing / 2) == 16);
  CHECK(wait_after(true, kRing / 2 + 1) == 8);
  CHECK(wait_after(true, kRing) == 1);
  CHECK(wait_after(false, kRing / 8) == 32);
  CHECK(wait_after(false, kRing / 4) == 16);
  CHECK(wait_after(false, kRing / 4 + 1) == 8);
  CHECK(wait_after(false, kRing / 2 + 1) == 1);
  CHECK(wait_after(true, 0) == 32);
}

TEST_CASE("once poll has woken us up at a half, the timer leaves it to poll, until poll is late") {
  PipeInstance instance;
  CpuReader reader(instance.folder(), 0, 4096);
  const auto wait_after = [&reader](uint64_t pages) {
    PaceFull(&reader, 0, pages);
    return reader.due();
  };
  while (reader.due() < 16) PaceFull(&reader, 0, 0);
  reader.Hurry();
  CHECK(wait_after(kRing / 2 - 2) == 32);
  CHECK(wait_after(kRing / 2) == 64);
  // Poll has said nothing of more than a half.
  CHECK(wait_after(kRing / 2 + 1) == 32);
  CHECK(wait_after(kRing / 2) == 32);
}

TEST_CASE("woken up, it leaves the sub-buffer that is still written") {
  PipeInstance instance;
  const auto read_after_wake = [&instance] {
    CpuReader reader(instance.folder(), 0, 4096);
    while (reader.due() < 16) PaceFull(&reader, 0, 0);
    reader.Hurry();
    uint64_t read = 0;
    for (; reader.due() == 0; read++) Pace(&reader, 0, {Result::kFull});
    CHECK_FALSE(reader.IsNearlyDue(31));
    CHECK(reader.IsNearlyDue(32));
    return read;
  };
  CHECK(read_after_wake() == kRing / 2 - 1);
  instance.WakeAt(75);
  CHECK(read_after_wake() == kRing * 3 / 4 - 1);
  instance.WakeAt(0);
  CHECK(read_after_wake() == 1);
}

TEST_CASE("an idle CPU is looked at every 128 ticks, so that a panic takes no more with it") {
  PipeInstance instance;
  CpuReader reader(instance.folder(), 0, 4096);
  for (int times = 0; times < 20; times++) PaceFull(&reader, 0, 0);
  CHECK(reader.due() == 128);
}

}  // namespace
}  // namespace fct
