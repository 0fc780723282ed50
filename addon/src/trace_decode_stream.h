// Sub-buffers as they come from a running target, decoded as soon as it is certain what came first.
#ifndef FCT_TRACE_DECODE_STREAM_H
#define FCT_TRACE_DECODE_STREAM_H

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "trace_decode.h"

namespace fct {

// What a kernel says about its trace: tracefs files, verbatim.
struct StreamHead {
  struct Format {
    std::string system;
    std::string text;
  };

  std::string header_page;
  std::vector<Format> formats;
  uint16_t cpus = 0;
};

class TraceStream {
 public:
  // Throws DecodeError. `choice` as for TypeTable.
  explicit TraceStream(const StreamHead& head, const std::optional<FieldChoice>& choice = std::nullopt);

  // The next sub-buffer of a CPU; its unused end may be left out. From any thread, as are the two below.
  void Push(uint16_t cpu, const uint8_t* bytes, size_t length);
  // The CPU had no event before `time` but for those in what was pushed.
  void QuietUntil(uint16_t cpu, uint64_t time);
  void End();

  // As TraceDecoder::Decode(). One thread at a time.
  Batch Decode(uint32_t most);
  TraceDecoder& decoder() { return *decoder_; }
  size_t cpus() const { return feeds_.size(); }

 private:
  // What has come since the last Decode(), so that nobody who pushes waits for the decoder.
  struct Arrival {
    enum class Kind { kPage, kQuiet, kEnd } kind;
    uint16_t cpu;
    uint64_t time;
    Array<uint8_t> page;
  };

  void Add(Arrival arrival);
  void TakeIn(Arrival* arrival);

  uint32_t page_size_;
  std::deque<QueueFeed> feeds_;
  std::unique_ptr<TraceDecoder> decoder_;
  std::mutex mutex_;
  std::vector<Arrival> arrivals_;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_STREAM_H
