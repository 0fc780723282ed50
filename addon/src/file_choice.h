// Which of a load's files comes next: each as likely as the other, or a few far more often than the rest.
#ifndef FCT_FILE_CHOICE_H
#define FCT_FILE_CHOICE_H

#include <cstdint>
#include <random>
#include <vector>

namespace fct {

// Does not change once made, so that all threads of a load draw from one.
class FileChoice {
 public:
  // `zipf` is the exponent s of Zipf's law: file k is drawn with a probability in proportion to 1 / (k +
  // 1)^s. 0: uniform. Takes 8 bytes per file unless it is uniform. `files` is not 0.
  FileChoice(uint32_t files, double zipf);

  uint32_t files() const { return files_; }
  // One number of `random` per draw.
  uint32_t Draw(std::mt19937_64* random) const;

 private:
  uint32_t files_;
  std::vector<double> cumulative_;  // weights of the files up to this one; empty if uniform
};

}  // namespace fct

#endif  // FCT_FILE_CHOICE_H
