#include "life_walk_wrap.h"

#include <algorithm>
#include <iterator>

#include "life_walk.h"
#include "operation_tally.h"

namespace fct {
namespace {

// Memory of a typed array, which whoever asks keeps alive.
template <typename T>
Span<T> SpanOf(const Napi::Object& object, const char* name) {
  const auto array = object.Get(name).As<Napi::TypedArrayOf<T>>();
  return {array.Data(), array.ElementLength()};
}

template <typename T, typename U>
T* WordsOf(const Napi::Object& object, const char* name) {
  return reinterpret_cast<T*>(const_cast<U*>(SpanOf<U>(object, name).data));
}

uint32_t NumberOf(const Napi::Object& object, const char* name) {
  return object.Get(name).As<Napi::Number>().Uint32Value();
}

bool IsSet(const Napi::Object& object, const char* name) {
  return object.Get(name).As<Napi::Boolean>().Value();
}

// -1: no such type.
uint16_t TypeOf(const Napi::Object& object, const char* name) {
  return static_cast<uint16_t>(object.Get(name).As<Napi::Number>().Int32Value());
}

WalkTables ToTables(const Napi::Object& object) {
  WalkTables tables;
  const Span<int32_t> effects = SpanOf<int32_t>(object, "effects");
  const Span<int32_t> alarms = SpanOf<int32_t>(object, "alarms");
  const Span<uint8_t> codes = SpanOf<uint8_t>(object, "codes");
  for (size_t code = 0; code < std::min(effects.size, tables.effects.size()); code++)
    tables.effects[code] = static_cast<uint32_t>(effects[code]);
  tables.gc = NumberOf(object, "gc");
  tables.hashed = NumberOf(object, "hashed");
  tables.pending = NumberOf(object, "pending");
  tables.all_flags = NumberOf(object, "allFlags");
  // What a trace has beyond codes is a tracepoint that nobody knows, and so is a code without an effect.
  for (size_t i = 0; i < tables.operations.size(); i++) {
    const uint8_t known = i < codes.size ? codes[i] : 0;
    const uint8_t code = known < std::min(effects.size, alarms.size) ? known : 0;
    tables.operations[i] = ToWalkOperation(code, static_cast<uint32_t>(effects[code]),
                                           static_cast<uint32_t>(alarms[code]), tables.gc, tables.hashed);
  }
  tables.at_alloc = NumberOf(object, "atAlloc");
  tables.adders_hold = IsSet(object, "addersHold");
  tables.minds_files = IsSet(object, "mindsFiles");
  tables.file_type = TypeOf(object, "fileType");
  tables.call_type = TypeOf(object, "callType");
  tables.fput_type = TypeOf(object, "fputType");
  tables.stop_types = {TypeOf(object, "reuseType"), TypeOf(object, "dirtyType")};
  tables.close_call = static_cast<uint8_t>(NumberOf(object, "closeCall"));
  return tables;
}

WalkRows ToRows(const Napi::Object& object) {
  WalkRows rows;
  rows.first = object.Get("first").As<Napi::Number>().Int32Value();
  rows.type = SpanOf<uint16_t>(object, "type");
  rows.index = SpanOf<uint32_t>(object, "index");
  rows.pid = SpanOf<int32_t>(object, "pid");
  rows.op = SpanOf<uint16_t>(object, "op");
  rows.nf = SpanOf<uint32_t>(object, "nf");
  rows.inode = SpanOf<uint32_t>(object, "inode");
  rows.file = SpanOf<uint32_t>(object, "file");
  rows.flags = SpanOf<uint32_t>(object, "flags");
  rows.ref = SpanOf<int32_t>(object, "ref");
  rows.ms = SpanOf<uint32_t>(object, "ms");
  rows.stressor = SpanOf<uint8_t>(object, "stressor");
  rows.end = SpanOf<uint8_t>(object, "end");
  rows.is_kernel_thread = SpanOf<uint8_t>(object, "kthread");
  rows.call_inode = SpanOf<uint32_t>(object, "callInode");
  rows.closed_file = SpanOf<uint32_t>(object, "closedFile");
  return rows;
}

WalkRecords ToRecords(const Napi::Object& object) {
  WalkRecords records;
  records.lives = WordsOf<LifeRecord, int32_t>(object, "lives");
  records.life_count = SpanOf<int32_t>(object, "lives").size * sizeof(int32_t) / sizeof(LifeRecord);
  records.tasks = WordsOf<TaskRecord, int32_t>(object, "tasks");
  records.task_count = SpanOf<int32_t>(object, "tasks").size * sizeof(int32_t) / sizeof(TaskRecord);
  records.held = WordsOf<int32_t, int32_t>(object, "held");
  records.calls = WordsOf<CallRecord, int32_t>(object, "calls");
  records.call_count = SpanOf<int32_t>(object, "calls").size * sizeof(int32_t) / sizeof(CallRecord);
  records.near = SpanOf<int32_t>(object, "near").data;
  records.totals = WordsOf<int32_t, int32_t>(object, "totals");
  return records;
}

class LifeWalkWrap : public Napi::ObjectWrap<LifeWalkWrap> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "LifeWalk",
        {InstanceMethod<&LifeWalkWrap::Enter>("enter"), InstanceMethod<&LifeWalkWrap::Run>("run")});
  }

  explicit LifeWalkWrap(const Napi::CallbackInfo& info)
      : ObjectWrap(info), walk_(ToTables(info[0].As<Napi::Object>())) {}

 private:
  void Enter(const Napi::CallbackInfo& info) {
    const auto rows = info[0].As<Napi::Object>();
    const auto records = info[1].As<Napi::Object>();
    walk_.Enter(ToRows(rows), ToRecords(records));
    rows_ = Napi::Persistent(rows);
    records_ = Napi::Persistent(records);
  }

  Napi::Value Run(const Napi::CallbackInfo& info) {
    const uint32_t from = info[0].As<Napi::Number>();
    const uint32_t to = info[1].As<Napi::Number>();
    const bool is_cleared = info[2].As<Napi::Boolean>();
    return Napi::Number::New(info.Env(), static_cast<double>(walk_.Run(from, to, is_cleared)));
  }

  LifeWalk walk_;
  // What is read and written between two calls of Enter().
  Napi::ObjectReference rows_;
  Napi::ObjectReference records_;
};

Napi::Value LifeLayout(const Napi::CallbackInfo& info) {
  auto layout = Napi::Int32Array::New(info.Env(), std::size(kLifeLayout));
  std::copy(std::begin(kLifeLayout), std::end(kLifeLayout), layout.Data());
  return layout;
}

void Tally(const Napi::CallbackInfo& info) {
  const auto operations = info[0].As<Napi::Uint16Array>();
  const auto objects = info[1].As<Napi::Uint32Array>();
  TallyOperations(operations.Data(), objects.Data(), operations.ElementLength(),
                  info[2].As<Napi::Uint32Array>().Data());
}

}  // namespace

void InitLifeWalk(Napi::Env env, Napi::Object exports) {
  exports.Set("LifeWalk", LifeWalkWrap::Define(env));
  exports.Set("lifeLayout", Napi::Function::New(env, LifeLayout, "lifeLayout"));
  exports.Set("tallyOperations", Napi::Function::New(env, Tally, "tallyOperations"));
}

}  // namespace fct
