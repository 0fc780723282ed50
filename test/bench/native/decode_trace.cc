// decode_trace FILE: events, and the processor time in seconds that the native decoder takes for all of them.
#include <ctime>
#include <iostream>

#include "file_source.h"
#include "trace_decode_recording.h"

namespace {

constexpr uint32_t kBatch = 65536;

double Seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const double began = Seconds();
  const fct::FileSource source(argv[1]);
  fct::Recording recording(source, std::nullopt);
  size_t events = 0;
  while (!recording.decoder().is_ended()) {
    events += recording.decoder().Decode(kBatch).rows.timestamp.size();
  }
  std::cout << events << " " << Seconds() - began << "\n";
  return 0;
}
