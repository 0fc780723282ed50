// decode_trace FILE ROUNDS: how long the native decoder takes for a whole file, in seconds; the best round.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "file_source.h"
#include "trace_decode_recording.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  double best = 1e9;
  size_t events = 0;
  for (int round = std::atoi(argv[2]); round > 0; round--) {
    const auto began = std::chrono::steady_clock::now();
    events = fct::DecodeTrace(fct::FileSource(argv[1])).rows.timestamp.size();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  }
  std::cout << events << " " << best << "\n";
  return 0;
}
