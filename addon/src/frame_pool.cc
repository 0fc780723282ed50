#include "frame_pool.h"

#include <algorithm>

namespace fct {

FramePool::FramePool(size_t bytes, size_t largest) {
  const size_t stride = (sizeof(FrameHeader) + largest + kAlignment - 1) / kAlignment * kAlignment;
  const size_t count = std::max(bytes / stride, kFewest);
  memory_.reset(
      new uint8_t[count * stride]);  // not initialised: pages of it that are never needed cost nothing
  for (size_t i = 0; i < count; i++) frames_.push_back({memory_.get() + i * stride});
}

const Frame* FramePool::Acquire(bool wait) {
  std::unique_lock lock(mutex_);
  const auto has_room = [&] { return published_ - released_ < frames_.size(); };
  if (!has_room()) changed_.notify_all();
  if (wait) changed_.wait(lock, [&] { return closed_ || has_room(); });
  return closed_ || !has_room() ? nullptr : &frames_[published_ % frames_.size()];
}

void FramePool::Publish() {
  const std::lock_guard lock(mutex_);
  published_++;
  if (published_ - released_ >= kBatch) changed_.notify_all();
}

void FramePool::Flush() {
  const std::lock_guard lock(mutex_);
  if (published_ > released_) changed_.notify_all();
}

void FramePool::Finish() {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

const Frame* FramePool::Next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || finished_ || published_ > released_; });
  return closed_ || published_ == released_ ? nullptr : &frames_[released_ % frames_.size()];
}

void FramePool::Release() {
  const std::lock_guard lock(mutex_);
  released_++;
  changed_.notify_all();
}

void FramePool::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool FramePool::is_closed() {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace fct
