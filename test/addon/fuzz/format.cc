// Any text as each of those by which a kernel describes its trace. Of a format that is accepted, the smallest
// record that its plan admits is decoded.
#include "../expect_error.h"
#include "../synthetic_trace.h"
#include "trace_decode_columns.h"
#include "trace_decode_constant.h"
#include "trace_decode_format.h"
#include "trace_decode_metadata.h"

namespace {

constexpr uint32_t kLargestRecord = 1u << 16;

void DecodeSmallestRecord(const fct::EventPlan& plan, uint32_t long_size) {
  if (plan.required > kLargestRecord) return;
  // Of exactly that size, so that the address sanitizer sees what lies behind it.
  const std::vector<uint8_t> record(plan.required);
  fct::Interned interned;
  fct::EventColumns columns(plan, long_size);
  const fct::RecordData smallest = {record.data(), plan.required};
  try {
    columns.Append(&smallest, 1, &interned);
  } catch (const fct::FieldError&) {
    // A field that points somewhere.
  }
}

void ReadFormat(std::string_view text, uint32_t long_size) {
  fct::TraceFile file;
  file.long_size = long_size;
  fct::ErrorOf([&] { fct::MetadataReader(&file).AddFormat("system", text, 0); });
  for (const fct::EventType& type : file.types) DecodeSmallestRecord(type.plan, long_size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadFormat(text, 4);
  ReadFormat(text, 8);
  fct::ErrorOf([&] { fct::ParseHeaderPage(text, 0); });
  fct::ErrorOf([&] { fct::CheckHeaderEvent(text, 0); });
  fct::ParseSymbols(text);
  fct::ParseFlagFields(text);
  fct::EvaluateConstant(text);
  return 0;
}
