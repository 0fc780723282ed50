// Decodes the sub-buffers of one CPU: its rows in the ring's order, and its gaps.
#ifndef FCT_TRACE_DECODE_CPU_H
#define FCT_TRACE_DECODE_CPU_H

#include <cstdint>
#include <optional>
#include <vector>

#include "trace_decode.h"
#include "trace_decode_columns.h"
#include "trace_decode_page.h"

namespace fct {

// The types of a trace with their columns, which all CPUs fill.
class TypeTable {
 public:
  explicit TypeTable(TraceFile* file);

  // Index of the type with this id; made if the file did not describe it.
  uint16_t IndexOf(uint16_t id) {
    const uint16_t known = index_of_[id];
    return known != kNone ? known : AddUnknown(id);
  }
  uint32_t PidOffset() const { return pid_offset_; }
  EventColumns& ColumnsOf(uint16_t type) { return columns_[type]; }
  Interned& interned() { return interned_; }
  // Moves everything into `trace`.
  void Finish(Trace* trace);

 private:
  static constexpr uint16_t kNone = UINT16_MAX;

  uint16_t AddUnknown(uint16_t id);

  uint32_t long_size_;
  uint32_t pid_offset_ = 4;
  std::vector<EventType> types_;
  std::vector<EventColumns> columns_;
  std::vector<uint16_t> index_of_;
  Interned interned_;
};

// Rows of one CPU; all of them are the CPU's, hence no column for it.
struct CpuRows {
  Array<uint64_t> timestamp;
  Array<uint16_t> type;
  Array<uint32_t> index;
  Array<int32_t> pid;
};

class CpuDecoder {
 public:
  CpuDecoder(const PageLayout& layout, uint32_t cpu, TypeTable* types)
      : layout_(layout), cpu_(cpu), types_(types) {}

  // One sub-buffer of layout.page_size bytes, in order; `offset` is where it stands in the file.
  void DecodePage(const uint8_t* page, uint64_t offset);
  // To be called after the last page: a gap at the very end has no event behind it.
  void Finish() { CloseGap(Gap::kNoEventAfter); }

  CpuRows& rows() { return rows_; }
  const CpuSummary& summary() const { return summary_; }
  const std::vector<Gap>& gaps() const { return gaps_; }

 private:
  void Append(const Record& record, uint64_t offset);
  void OpenGap(const PageHeader& header);
  void CloseGap(uint64_t before);

  PageLayout layout_;
  uint32_t cpu_;
  TypeTable* types_;
  CpuRows rows_;
  CpuSummary summary_;
  std::vector<Gap> gaps_;
  std::optional<Gap> open_gap_;
  uint64_t last_ = 0;
};

}  // namespace fct

#endif  // FCT_TRACE_DECODE_CPU_H
