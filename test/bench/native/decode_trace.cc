// decode_trace FILE two|all: what the native decoder takes for all events of a trace.dat, merged by time,
// with the first and the last field of each or with all their fields. Prints events, seconds of processor
// time, seconds, and the sum of those two fields, as kbuffer_walk does.
#include <ctime>
#include <iostream>

#include "file_source.h"
#include "trace_decode_bytes.h"
#include "trace_decode_recording.h"

namespace {

using fct::FieldKind;

constexpr uint32_t kBatch = 65536;

double Seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

fct::FieldChoice ChooseTwo(const std::vector<fct::EventType>& types) {
  fct::FieldChoice choice;
  for (const fct::EventType& type : types) {
    const std::vector<fct::FieldPlan>& fields = type.plan.fields;
    choice[type.format.system + ":" + type.format.name] = {fields.front().name, fields.back().name};
  }
  return choice;
}

template <typename T>
uint64_t Sum(const uint8_t* column, uint32_t count) {
  uint64_t sum = 0;
  for (uint32_t row = 0; row < count; row++) sum += fct::Load<T>(column + row * sizeof(T));
  return sum;
}

// Of the numbers, whatever their sign, as libtraceevent gives them.
class Adder {
 public:
  uint64_t sum() const { return sum_; }

  void Add(const fct::Batch& batch, const std::vector<fct::EventType>& types) {
    pointers_.insert(pointers_.end(), batch.pointers.data(), batch.pointers.data() + batch.pointers.size());
    for (size_t type = 0; type < types.size(); type++) {
      const std::vector<fct::FieldPlan>& fields = types[type].plan.fields;
      for (const size_t field : {size_t{0}, fields.size() - 1})
        AddColumn(batch.columns[type][field].data(), batch.counts[type], fields[field].kind);
    }
  }

 private:
  void AddColumn(const uint8_t* column, uint32_t count, FieldKind kind) {
    if (kind == FieldKind::kPointer) {
      for (uint32_t row = 0; row < count; row++)
        sum_ += pointers_[fct::Load<uint32_t>(column + row * size_t{4})];
      return;
    }
    switch (fct::ColumnWidth(kind)) {
      case 1:
        sum_ += Sum<uint8_t>(column, count);
        break;
      case 2:
        sum_ += Sum<uint16_t>(column, count);
        break;
      case 4:
        sum_ += Sum<uint32_t>(column, count);
        break;
      default:
        sum_ += Sum<uint64_t>(column, count);
    }
  }

  std::vector<uint64_t> pointers_;
  uint64_t sum_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const fct::FileSource source(argv[1]);
  std::optional<fct::FieldChoice> choice;
  if (std::string(argv[2]) == "two") choice = ChooseTwo(fct::ReadTraceFile(source, std::nullopt).types);
  const double began = Seconds(CLOCK_MONOTONIC);
  const double began_work = Seconds(CLOCK_PROCESS_CPUTIME_ID);
  fct::Recording recording(source, std::nullopt, choice);
  fct::TraceDecoder& decoder = recording.decoder();
  Adder adder;
  size_t events = 0;
  while (!decoder.is_ended()) {
    const fct::Batch batch = decoder.Decode(kBatch);
    events += batch.rows.timestamp.size();
    adder.Add(batch, decoder.types());
  }
  std::cout << events << " " << Seconds(CLOCK_PROCESS_CPUTIME_ID) - began_work << " "
            << Seconds(CLOCK_MONOTONIC) - began << " " << adder.sum() << "\n";
  return 0;
}
