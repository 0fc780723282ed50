// Writes trace.dat files of version 7 by hand.
#ifndef FCT_SYNTHETIC_TRACE7_H
#define FCT_SYNTHETIC_TRACE7_H

#include <zlib.h>
#include <zstd.h>

#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "synthetic_trace.h"

namespace fct {

inline std::string Pack(const std::string& compression, const std::string& bytes) {
  std::string packed;
  if (compression == "zlib") {
    uLongf size = compressBound(bytes.size());
    packed.resize(size);
    compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
             bytes.size());
    packed.resize(size);
  } else {
    packed.resize(ZSTD_compressBound(bytes.size()));
    packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 1));
  }
  return packed;
}

// u32 packed size, u32 size, bytes.
inline std::string PackedBlockOf(const std::string& compression, const std::string& bytes) {
  const std::string packed = Pack(compression, bytes);
  std::string block;
  Put<uint32_t>(&block, static_cast<uint32_t>(packed.size()));
  Put<uint32_t>(&block, static_cast<uint32_t>(bytes.size()));
  return block + packed;
}

struct Buffer7 {
  std::string name;
  std::string clock = "local";
  uint32_t page_size = 4096;
  std::map<uint32_t, std::string> cpus;  // whole sub-buffers
};

// Sections first, then the buffers, then the options: a part of them for all that and one for each buffer, or
// all in one if they are packed.
struct TraceDat7Builder {
  std::string compression = "none";
  bool packs_options = false;
  uint32_t page_size = 4096;  // of header_page
  uint32_t chunk_pages = 2;
  uint32_t cpu_count = 2;
  std::vector<std::string> formats;  // all of one system, "test"
  std::string comms;
  std::vector<Buffer7> buffers;

  std::string Build() {
    file_ = std::string("\x17\x08\x44tracing7\0\0\x08", 14);
    Put<uint32_t>(&file_, 4096);
    file_ += compression + '\0' + "1.0" + '\0';
    size_t link = file_.size();  // where the offset of the next part of the options stands
    Put<uint64_t>(&file_, 0);
    std::string options = PointerOption(16, Section(16, Headers()));
    options += PointerOption(17, Section(17, std::string(4, '\0')));
    options += PointerOption(18, Section(18, Systems()));
    options += PointerOption(21, Section(21, Sized(comms)));
    options += Option(4, "local [global] counter");
    options += Option(8, std::string(reinterpret_cast<const char*>(&cpu_count), 4));
    std::vector<std::string> parts = {options};
    for (const Buffer7& buffer : buffers) parts.push_back(AddBuffer(buffer));
    if (packs_options) parts = {std::accumulate(parts.begin(), parts.end(), std::string())};
    for (const std::string& part : parts) link = AddOptions(link, part);
    return file_;
  }

 private:
  static std::string Sized(const std::string& text) {
    std::string sized;
    Put<uint64_t>(&sized, text.size());
    return sized + text;
  }
  static std::string Option(uint16_t id, const std::string& data) {
    std::string option;
    Put(&option, id);
    Put<uint32_t>(&option, static_cast<uint32_t>(data.size()));
    return option + data;
  }
  static std::string PointerOption(uint16_t id, uint64_t offset) {
    return Option(id, std::string(reinterpret_cast<const char*>(&offset), 8));
  }
  std::string Headers() const {
    return std::string("header_page\0", 12) + Sized(HeaderPage(8, page_size)) + std::string("header_event\0", 13) +
           Sized(kHeaderEvent);
  }
  std::string Systems() const {
    std::string text;
    Put<uint32_t>(&text, 1);
    text += std::string("test\0", 5);
    Put<uint32_t>(&text, static_cast<uint32_t>(formats.size()));
    for (const std::string& format : formats) text += Sized(format);
    return text;
  }

  // Returns its offset.
  uint64_t Section(uint16_t id, const std::string& content) {
    const bool is_packed = compression != "none" && (id != 0 || packs_options);
    const std::string body = is_packed ? PackedBlockOf(compression, content) : content;
    return SectionOf(id, is_packed, body);
  }
  uint64_t SectionOf(uint16_t id, bool is_packed, const std::string& body) {
    const uint64_t at = file_.size();
    Put<uint16_t>(&file_, id);
    Put<uint16_t>(&file_, is_packed);
    Put<uint32_t>(&file_, 0);
    Put<uint64_t>(&file_, body.size());
    file_ += body;
    return at;
  }

  // A part of the options behind everything; the part before it points here from `link`. Returns where that
  // of the next one stands, unless it is packed away.
  size_t AddOptions(size_t link, const std::string& options) {
    const uint64_t at = Section(0, options + PointerOption(0, 0));
    std::memcpy(&file_[link], &at, 8);
    return file_.size() - 8;
  }

  std::string AddBuffer(const Buffer7& buffer) {
    const bool is_packed = compression != "none";
    const uint64_t at = file_.size();
    std::string body;
    std::string table;
    for (const auto& [cpu, pages] : buffer.cpus) {
      const std::string data = is_packed ? Chunks(pages, buffer.page_size) : pages;
      Put<uint32_t>(&table, cpu);
      Put<uint64_t>(&table, at + 16 + body.size());
      Put<uint64_t>(&table, is_packed ? data.size() - 4 : data.size());
      body += data;
    }
    SectionOf(3, is_packed, body);
    std::string option;
    Put<uint64_t>(&option, at);
    option += buffer.name + '\0' + buffer.clock + '\0';
    Put<uint32_t>(&option, buffer.page_size);
    Put<uint32_t>(&option, static_cast<uint32_t>(buffer.cpus.size()));
    return Option(3, option + table);
  }

  std::string Chunks(const std::string& pages, uint32_t size) const {
    std::string chunks;
    const size_t chunk = size_t{chunk_pages} * size;
    Put<uint32_t>(&chunks, static_cast<uint32_t>((pages.size() + chunk - 1) / chunk));
    for (size_t at = 0; at < pages.size(); at += chunk)
      chunks += PackedBlockOf(compression, pages.substr(at, chunk));
    return chunks;
  }

  std::string file_;
};

}  // namespace fct

#endif  // FCT_SYNTHETIC_TRACE7_H
