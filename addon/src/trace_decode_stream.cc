#include "trace_decode_stream.h"

#include <algorithm>
#include <utility>

#include "trace_decode_metadata.h"

namespace fct {

TraceStream::TraceStream(const StreamHead& head, const std::optional<FieldChoice>& choice) {
  TraceFile file;
  file.layout = ParseHeaderPage(head.header_page, 0);
  file.long_size = file.layout.commit_size;
  MetadataReader metadata(&file);
  for (const auto& [system, text] : head.formats) metadata.AddFormat(system, text, 0);
  page_size_ = file.layout.page_size;
  std::vector<PageFeed*> feeds;
  for (uint32_t cpu = 0; cpu < head.cpus; cpu++) feeds.push_back(&feeds_.emplace_back());
  decoder_ = std::make_unique<TraceDecoder>(file.layout, std::move(file.types), feeds, choice);
}

void TraceStream::Push(uint16_t cpu, const uint8_t* bytes, size_t length) {
  Array<uint8_t> page(page_size_);
  const size_t used = std::min<size_t>(length, page_size_);
  std::fill(std::copy(bytes, bytes + used, page.data()), page.data() + page_size_, uint8_t{0});
  Add({Arrival::Kind::kPage, cpu, 0, std::move(page)});
}

void TraceStream::QuietUntil(uint16_t cpu, uint64_t time) { Add({Arrival::Kind::kQuiet, cpu, time, {}}); }

void TraceStream::End() { Add({Arrival::Kind::kEnd, 0, 0, {}}); }

void TraceStream::Add(Arrival arrival) {
  const std::lock_guard lock(mutex_);
  arrivals_.push_back(std::move(arrival));
}

Batch TraceStream::Decode(uint32_t most) {
  std::vector<Arrival> arrivals;
  {
    const std::lock_guard lock(mutex_);
    arrivals = std::exchange(arrivals_, {});
  }
  for (Arrival& arrival : arrivals) TakeIn(&arrival);
  return decoder_->Decode(most);
}

void TraceStream::TakeIn(Arrival* arrival) {
  switch (arrival->kind) {
    case Arrival::Kind::kPage:
      return feeds_[arrival->cpu].Push(std::move(arrival->page));
    case Arrival::Kind::kQuiet:
      return feeds_[arrival->cpu].QuietUntil(arrival->time);
    case Arrival::Kind::kEnd:
      for (QueueFeed& feed : feeds_) feed.End();
  }
}

}  // namespace fct
