// A trace.dat, decoded whole or batch by batch.
#ifndef FCT_TRACE_DECODE_RECORDING_H
#define FCT_TRACE_DECODE_RECORDING_H

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trace_decode.h"

namespace fct {

class Recording {
 public:
  // Throws DecodeError. `source` outlives the recording; `buffer` as for ReadTraceFile(), `choice` as for
  // TypeTable.
  Recording(const ByteSource& source, const std::optional<std::string>& buffer,
            const std::optional<FieldChoice>& choice = std::nullopt);
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // Its types are the decoder's.
  TraceFile& head() { return head_; }
  TraceDecoder& decoder() { return *decoder_; }

 private:
  TraceFile head_;
  std::deque<SourceFeed> feeds_;
  std::unique_ptr<TraceDecoder> decoder_;
};

// A trace of which everything is there.
struct Trace : Batch {
  TraceFile head;  // its types are below
  std::vector<EventType> types;
  std::vector<CpuSummary> per_cpu;
};

// Throws DecodeError.
Trace DecodeTrace(const ByteSource& source, const std::optional<std::string>& buffer = std::nullopt,
                  const std::optional<FieldChoice>& choice = std::nullopt);

}  // namespace fct

#endif  // FCT_TRACE_DECODE_RECORDING_H
