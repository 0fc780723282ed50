#include "file_choice.h"

#include <algorithm>
#include <cmath>

namespace fct {

FileChoice::FileChoice(uint32_t files, double zipf) : files_(files) {
  if (zipf == 0) return;
  cumulative_.reserve(files);
  double sum = 0;
  for (uint32_t rank = 1; rank <= files; rank++) cumulative_.push_back(sum += std::pow(rank, -zipf));
}

// Inversion: the first file whose cumulative weight is above a uniform number (L. Devroye, Non-Uniform Random
// Variate Generation, 1986, III.2). It is exact, for any exponent and any number of files.
uint32_t FileChoice::Draw(std::mt19937_64* random) const {
  const uint64_t drawn = (*random)();
  if (cumulative_.empty()) return static_cast<uint32_t>(drawn % files_);
  const double at = static_cast<double>(drawn >> 11) * 0x1p-53 * cumulative_.back();
  const auto above = std::upper_bound(cumulative_.begin(), cumulative_.end(), at);
  // The product may be rounded up to the sum itself.
  return std::min(static_cast<uint32_t>(above - cumulative_.begin()), files_ - 1);
}

}  // namespace fct
