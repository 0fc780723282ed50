// Writes sub-buffers and trace.dat files by hand, for what no kernel writes when a test wants it.
#ifndef FCT_SYNTHETIC_TRACE_H
#define FCT_SYNTHETIC_TRACE_H

#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "trace_decode_format.h"
#include "trace_decode_source.h"

namespace fct {

template <typename T>
void Put(std::string* to, T value) {
  to->append(reinterpret_cast<const char*>(&value), sizeof value);
}

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::string bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  void Read(uint64_t offset, void* to, size_t length) const override {
    // A decoder that does not check is a bug, not a bad file.
    if (offset > bytes_.size() || length > bytes_.size() - offset) throw std::logic_error("unchecked read");
    std::memcpy(to, bytes_.data() + offset, length);
  }

 private:
  std::string bytes_;
};

// Fills a sub-buffer event by event.
class PageBuilder {
 public:
  explicit PageBuilder(uint64_t timestamp = 0, uint32_t long_size = 8, uint32_t page_size = 4096)
      : timestamp_(timestamp), long_size_(long_size), page_size_(page_size) {}

  PageBuilder& Event(uint32_t delta, const std::string& data) {
    Header(static_cast<uint32_t>(data.size() / 4), delta);
    events_ += data;
    return *this;
  }
  PageBuilder& LongEvent(uint32_t delta, const std::string& data) {
    Header(0, delta);
    Put<uint32_t>(&events_, static_cast<uint32_t>(data.size() + 4));
    events_ += data;
    return *this;
  }
  // A discarded event with `length` bytes behind its header.
  PageBuilder& Discarded(uint32_t delta, uint32_t length) {
    Header(29, delta);
    Put<uint32_t>(&events_, length);
    events_.append(length - 4, 'x');
    return *this;
  }
  PageBuilder& TimeExtend(uint64_t delta) { return Special(30, delta); }
  PageBuilder& AbsoluteTime(uint64_t stamp) { return Special(31, stamp & ((uint64_t{1} << 59) - 1)); }
  PageBuilder& Raw(uint32_t word) {
    Put(&events_, word);
    return *this;
  }
  PageBuilder& Missed(std::optional<uint64_t> count) {
    is_lossy_ = true;
    missed_ = count;
    return *this;
  }

  std::string Build() const {
    uint64_t commit = events_.size();
    if (is_lossy_) commit |= 1u << 31;
    if (missed_) commit |= 1u << 30;
    std::string page;
    Put(&page, timestamp_);
    PutLong(&page, commit);
    page += events_;
    if (missed_) PutLong(&page, *missed_);
    page.resize(page_size_, '\0');
    return page;
  }

 private:
  void Header(uint32_t type_len, uint32_t delta) { Put<uint32_t>(&events_, type_len | delta << 5); }
  PageBuilder& Special(uint32_t type_len, uint64_t time) {
    Header(type_len, static_cast<uint32_t>(time & ((1u << 27) - 1)));
    Put<uint32_t>(&events_, static_cast<uint32_t>(time >> 27));
    return *this;
  }
  void PutLong(std::string* to, uint64_t value) const {
    if (long_size_ == 4) return Put(to, static_cast<uint32_t>(value));
    Put(to, value);
  }

  uint64_t timestamp_;
  uint32_t long_size_;
  uint32_t page_size_;
  bool is_lossy_ = false;
  std::optional<uint64_t> missed_;
  std::string events_;
};

// header_page as the kernel words it.
inline std::string HeaderPage(uint32_t long_size = 8, uint32_t page_size = 4096) {
  const auto field = [](const std::string& name, uint32_t offset, uint32_t size) {
    return "\tfield: " + name + ";\toffset:" + std::to_string(offset) + ";\tsize:" + std::to_string(size) +
           ";\tsigned:0;\n";
  };
  return field("u64 timestamp", 0, 8) + field("local_t commit", 8, long_size) + field("int overwrite", 8, 1) +
         field("char data", 8 + long_size, page_size - 8 - long_size);
}

inline PageLayout LayoutOf(uint32_t long_size = 8, uint32_t page_size = 4096) {
  return ParseHeaderPage(HeaderPage(long_size, page_size), 0);
}

constexpr const char* kHeaderEvent =
    "# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n\tarray       :   32 "
    "bits\n\n"
    "\tpadding     : type == 29\n\ttime_extend : type == 30\n\ttime_stamp : type == 31\n\tdata max type_len  "
    "== 28\n";

constexpr const char* kCommonFields =
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n";

// `fields` and `print` as in a format file.
inline std::string Format(const std::string& name, int id, const std::string& fields,
                          const std::string& print = "\"\"") {
  return "name: " + name + "\nID: " + std::to_string(id) + "\nformat:\n" + kCommonFields + fields +
         "\nprint fmt: " + print + "\n";
}

// The begin of a record.
inline std::string Common(uint16_t type, int32_t pid) {
  std::string data;
  Put(&data, type);
  Put<uint16_t>(&data, 0);
  Put(&data, pid);
  return data;
}

// Puts a trace.dat of version 6 together.
struct TraceDatBuilder {
  uint32_t long_size = 8;
  uint32_t page_size = 4096;
  std::vector<std::string> formats;  // all of one system, "test"
  std::vector<std::string> cpus;     // whole sub-buffers
  std::string options;               // without the end
  bool has_clock = false;            // a clock stands behind the table

  std::string Build() const {
    std::string file = Head();
    const size_t table = file.size() + cpus.size() * 16 + (has_clock ? 15 : 0);
    uint64_t at = (table + 4095) / 4096 * 4096;
    for (const std::string& pages : cpus) {
      Put<uint64_t>(&file, at);
      Put<uint64_t>(&file, pages.size());
      at += pages.size();
    }
    if (has_clock) PutSized(&file, "[local]");
    file.resize((table + 4095) / 4096 * 4096, '\0');
    for (const std::string& pages : cpus) file += pages;
    return file;
  }

 private:
  std::string Head() const {
    std::string file("\x17\x08\x44tracing6\0\0", 13);  // the second NUL says little-endian
    file += static_cast<char>(long_size);
    Put<uint32_t>(&file, 4096);
    file += std::string("header_page\0", 12);
    PutSized(&file, HeaderPage(long_size, page_size));
    file += std::string("header_event\0", 13);
    PutSized(&file, kHeaderEvent);
    Put<uint32_t>(&file, 0);
    Put<uint32_t>(&file, 1);
    file += std::string("test\0", 5);
    Put<uint32_t>(&file, static_cast<uint32_t>(formats.size()));
    for (const std::string& format : formats) PutSized(&file, format);
    file.append(16, '\0');  // kallsyms, printk formats, command lines: none
    Put<uint32_t>(&file, static_cast<uint32_t>(cpus.size()));
    file += std::string("options  \0", 10) + options + std::string(2, '\0');
    return file + std::string("flyrecord\0", 10);
  }

  static void PutSized(std::string* file, const std::string& text) {
    Put<uint64_t>(file, text.size());
    *file += text;
  }
};

}  // namespace fct

#endif  // FCT_SYNTHETIC_TRACE_H
