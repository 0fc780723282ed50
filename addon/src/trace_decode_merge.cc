#include "trace_decode_merge.h"

#include <algorithm>

namespace fct {
namespace {

bool IsEarlier(const Record& record, uint64_t time) { return record.timestamp < time; }

bool IsLater(uint64_t time, const Record& record) { return time < record.timestamp; }

}  // namespace

bool CpuMerge::FindCertain() {
  Refill();
  runs_.clear();
  TakeCertain();
  for (size_t turn = 0; runs_.size() > 2; turn ^= 1) MergePairs(&merged_[turn]);
  runs_.resize(2);
  certain_ = {runs_[0], runs_[1]};
  return certain_.size() > 0;
}

void CpuMerge::Refill() {
  const auto has_ended = [](CpuCursor* cpu) {
    if (cpu->begin() == cpu->end()) cpu->Refill();
    return cpu->is_ended();
  };
  cpus_.erase(std::remove_if(cpus_.begin(), cpus_.end(), has_ended), cpus_.end());
}

// What comes before anything that is not known yet: that of the CPU whose knowledge ends first.
void CpuMerge::TakeCertain() {
  const auto ends_before = [](const CpuCursor* a, const CpuCursor* b) { return a->time() < b->time(); };
  const auto first = std::min_element(cpus_.begin(), cpus_.end(), ends_before);
  for (auto at = cpus_.begin(); at != cpus_.end(); at++) {
    const Record* const begin = (*at)->begin();
    const Record* const end = (*at)->end();
    const uint64_t time = (*first)->time();
    const Run run = {begin, at <= first ? std::upper_bound(begin, end, time, IsLater)
                                        : std::lower_bound(begin, end, time, IsEarlier)};
    if (run.size() == 0) continue;
    (*at)->Take(run.size());
    runs_.push_back(run);
  }
}

void CpuMerge::MergePairs(Array<Record>* to) {
  size_t size = 0;
  for (const Run& run : runs_) size += run.size();
  to->Grow(size);
  Record* at = to->data();
  for (size_t i = 0; i < runs_.size(); i += 2) {
    Record* const begin = at;
    RunPair pair = {runs_[i], i + 1 < runs_.size() ? runs_[i + 1] : Run()};
    pair.Merge(pair.size(), [&at](const Record& record) { *at++ = record; });
    runs_[i / 2] = {begin, at};
  }
  runs_.resize((runs_.size() + 1) / 2);
}

}  // namespace fct
