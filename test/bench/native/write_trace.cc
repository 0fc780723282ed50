// write_trace FILE EVENTS FORMAT...: a trace.dat of two CPUs with events as nfsd's file cache has them: each
// format in turn, pointers of a few hundred objects, a few thousand ns apart. The formats are the fixtures of
// a real kernel.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

#include "synthetic_trace.h"

namespace fct {
namespace {

constexpr uint32_t kObjects = 300;
constexpr uint32_t kCpus = 2;

std::string ReadText(const char* path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(std::string("cannot read ") + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class Writer {
 public:
  explicit Writer(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) formats_.push_back(ParseEventFormat(text, "test", 0));
  }

  // Pages of one CPU with so many events.
  std::string Pages(uint32_t events) {
    std::string pages;
    uint64_t time = 1000;
    PageBuilder page(time);
    uint32_t used = 0;
    for (uint32_t event = 0; event < events; event++) {
      const std::string record = Record(formats_[event % formats_.size()]);
      const uint32_t delta = 2000 + static_cast<uint32_t>(random_() % 2000);
      if (used + record.size() + 4 > 4096 - 16) {
        pages += page.Build();
        page = PageBuilder(time);
        used = 0;
      }
      time += delta;
      page.Event(delta, record);
      used += static_cast<uint32_t>(record.size()) + 4;
    }
    return pages + page.Build();
  }

 private:
  std::string Record(const EventFormat& format) {
    std::string data = Common(static_cast<uint16_t>(format.id), 400 + static_cast<int32_t>(random_() % 8));
    const uint64_t object = random_() % kObjects;
    for (const FormatField& field : format.fields) {
      data.resize(field.offset + field.size, '\0');
      const bool is_pointer = field.type.find('*') != std::string::npos;
      const uint64_t value =
          is_pointer ? 0xffff888000000000 + field.offset * 0x100000 + object * 0x140 : random_() % 16;
      std::memcpy(&data[field.offset], &value, field.size);
    }
    data.resize((data.size() + 3) / 4 * 4, '\0');
    return data;
  }

  std::vector<EventFormat> formats_;
  std::mt19937_64 random_{1};
};

}  // namespace
}  // namespace fct

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  fct::TraceDatBuilder builder;
  for (int i = 3; i < argc; i++) builder.formats.push_back(fct::ReadText(argv[i]));
  fct::Writer writer(builder.formats);
  const auto events = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
  for (uint32_t cpu = 0; cpu < fct::kCpus; cpu++) builder.cpus.push_back(writer.Pages(events / fct::kCpus));
  std::ofstream(argv[1], std::ios::binary) << builder.Build();
  return 0;
}
