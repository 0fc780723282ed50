#include "trace_decode_ahead.h"

#include <utility>

namespace fct {

ScanAhead::~ScanAhead() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  asked_.notify_one();
  thread_.join();
}

size_t ScanAhead::Add(CpuScanner* scanner) {
  lanes_.push_back({scanner});
  requests_.push_back(lanes_.size() - 1);
  return lanes_.size() - 1;
}

std::unique_ptr<Stretch> ScanAhead::Exchange(size_t number, std::unique_ptr<Stretch> spare) {
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  std::unique_lock lock(mutex_);
  Lane& lane = lanes_[number];
  ready_.wait(lock, [&lane] { return lane.is_ready; });
  lane.is_ready = false;
  requests_.push_back(number);
  std::unique_ptr<Stretch> stretch = std::exchange(lane.stretch, std::move(spare));
  lock.unlock();
  asked_.notify_one();
  return stretch;
}

void ScanAhead::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    asked_.wait(lock, [this] { return is_stopping_ || !requests_.empty(); });
    if (is_stopping_) return;
    Lane& lane = lanes_[requests_.front()];
    requests_.pop_front();
    lock.unlock();
    lane.scanner->Scan(lane.stretch.get());
    lock.lock();
    lane.is_ready = true;
    ready_.notify_one();
  }
}

}  // namespace fct
