#include "trace_values.h"

#include <string>

namespace fct {
namespace {

Napi::String ToJsString(Napi::Env env, const std::string& text) { return Napi::String::New(env, text); }

template <typename T>
Napi::ArrayBuffer GiveBuffer(Napi::Env env, Array<T>* array, size_t count) {
  if (count == 0) return Napi::ArrayBuffer::New(env, 0);
  const Block block = array->Release();
  return Napi::ArrayBuffer::New(env, block.memory, count * sizeof(T),
                                [size = block.size](Napi::Env, void* given) { GiveBlock(given, size); });
}

// The array's memory becomes V8's; the array is empty afterwards.
template <typename T>
Napi::Value Give(Napi::Env env, Array<T>* array, napi_typedarray_type type) {
  const size_t count = array->size();
  return Napi::TypedArrayOf<T>::New(env, count, GiveBuffer(env, array, count), 0, type);
}

napi_typedarray_type ArrayTypeOf(FieldKind kind) {
  switch (kind) {
    case FieldKind::kU8:
      return napi_uint8_array;
    case FieldKind::kU16:
      return napi_uint16_array;
    case FieldKind::kU64:
      return napi_biguint64_array;
    case FieldKind::kI8:
      return napi_int8_array;
    case FieldKind::kI16:
      return napi_int16_array;
    case FieldKind::kI32:
      return napi_int32_array;
    case FieldKind::kI64:
      return napi_bigint64_array;
    default:
      return napi_uint32_array;
  }
}

Napi::Value GiveColumn(Napi::Env env, Array<uint8_t>* column, FieldKind kind, uint32_t count) {
  const Napi::ArrayBuffer buffer = GiveBuffer(env, column, size_t{count} * ColumnWidth(kind));
  napi_value array = nullptr;
  const napi_status status = napi_create_typedarray(env, ArrayTypeOf(kind), count, buffer, 0, &array);
  NAPI_THROW_IF_FAILED(env, status, Napi::Value());
  return Napi::Value(env, array);
}

Napi::Object GiveColumns(Napi::Env env, Batch* batch, const EventType& type, size_t number) {
  Napi::Object object = Napi::Object::New(env);
  const std::vector<FieldPlan>& fields = type.plan.fields;
  for (size_t i = 0; i < fields.size(); i++) {
    if (!fields[i].is_wanted) continue;
    object.Set(fields[i].name,
               GiveColumn(env, &batch->columns[number][i], fields[i].kind, batch->counts[number]));
  }
  return object;
}

Napi::Object ConvertField(Napi::Env env, const FieldPlan& field) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", field.name);
  object.Set("type", field.type);
  object.Set("kind", NameOf(field.kind));
  object.Set("place", NameOf(field.place));
  object.Set("offset", Napi::Number::New(env, field.offset));
  object.Set("size", Napi::Number::New(env, field.size));
  object.Set("signed", Napi::Boolean::New(env, field.is_signed));
  return object;
}

Napi::Object ConvertSymbols(Napi::Env env, const SymbolTables& symbols) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [field, table] : symbols) {
    Napi::Object names = Napi::Object::New(env);
    for (const auto& [value, name] : table) names.Set(value, name);
    object.Set(field, names);
  }
  return object;
}

Napi::Object GiveRows(Napi::Env env, Rows* rows) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("count", Napi::Number::New(env, static_cast<double>(rows->timestamp.size())));
  object.Set("ts", Give(env, &rows->timestamp, napi_biguint64_array));
  object.Set("cpu", Give(env, &rows->cpu, napi_uint16_array));
  object.Set("type", Give(env, &rows->type, napi_uint16_array));
  object.Set("index", Give(env, &rows->index, napi_uint32_array));
  object.Set("pid", Give(env, &rows->pid, napi_int32_array));
  return object;
}

Napi::Object ConvertGap(Napi::Env env, const Gap& gap) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("cpu", Napi::Number::New(env, gap.cpu));
  object.Set("after", Napi::BigInt::New(env, gap.after));
  object.Set("before", Napi::BigInt::New(env, gap.before));
  const Napi::Value unknown = env.Null();
  object.Set("missed", gap.is_counted ? Napi::Number::New(env, static_cast<double>(gap.missed)) : unknown);
  return object;
}

// By type. Those without a row are left out, unless `is_whole`.
Napi::Array GiveAllColumns(Napi::Env env, Batch* batch, const std::vector<EventType>& types, bool is_whole) {
  Napi::Array array = Napi::Array::New(env, types.size());
  for (uint32_t type = 0; type < types.size(); type++) {
    const Napi::HandleScope scope(env);
    if (is_whole || batch->counts[type] > 0) array[type] = GiveColumns(env, batch, types[type], type);
  }
  return array;
}

Napi::Object ConvertComms(Napi::Env env, const std::map<int32_t, std::string>& comms) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [pid, comm] : comms) {
    const Napi::HandleScope scope(env);
    object.Set(std::to_string(pid), comm);
  }
  return object;
}

Napi::Value ConvertRingStats(Napi::Env env, const TraceFile& head, uint32_t cpu) {
  const auto found = head.buffer.ring_stats.find(cpu);
  if (found == head.buffer.ring_stats.end()) return env.Null();
  const auto number = [env](uint64_t count) { return Napi::Number::New(env, static_cast<double>(count)); };
  Napi::Object object = Napi::Object::New(env);
  object.Set("entries", number(found->second.entries));
  object.Set("overrun", number(found->second.overrun));
  object.Set("commitOverrun", number(found->second.commit_overrun));
  object.Set("dropped", number(found->second.dropped));
  object.Set("read", number(found->second.read));
  return object;
}

Napi::Array ConvertAllRingStats(Napi::Env env, const TraceFile& head) {
  Napi::Array array = Napi::Array::New(env, head.cpu_count);
  for (uint32_t cpu = 0; cpu < head.cpu_count; cpu++) array[cpu] = ConvertRingStats(env, head, cpu);
  return array;
}

}  // namespace

std::optional<FieldChoice> ToFieldChoice(const Napi::Value& value) {
  if (value.IsUndefined()) return std::nullopt;
  FieldChoice choice;
  for (const auto& [event, fields] : value.As<Napi::Object>()) {
    std::set<std::string>& names = choice[event.As<Napi::String>()];
    const Napi::Array array = static_cast<Napi::Value>(fields).As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length(); i++) names.insert(array.Get(i).As<Napi::String>());
  }
  return choice;
}

void SetHead(Napi::Object object, const TraceFile& head) {
  const Napi::Env env = object.Env();
  object.Set("version", Napi::Number::New(env, head.version));
  object.Set("longSize", Napi::Number::New(env, head.long_size));
  object.Set("cpus", Napi::Number::New(env, head.cpu_count));
  object.Set("buffer", head.buffer.name);
  object.Set("clock", head.buffer.clock);
  object.Set("comms", ConvertComms(env, head.comms));
  object.Set("ringStats", ConvertAllRingStats(env, head));
}

Napi::Object ConvertType(Napi::Env env, const EventType& type) {
  Napi::Array fields = Napi::Array::New(env, type.plan.fields.size());
  for (uint32_t i = 0; i < type.plan.fields.size(); i++) fields[i] = ConvertField(env, type.plan.fields[i]);
  Napi::Object object = Napi::Object::New(env);
  object.Set("id", Napi::Number::New(env, type.format.id));
  object.Set("system", type.format.system);
  object.Set("name", type.format.name);
  object.Set("fields", fields);
  object.Set("symbols", ConvertSymbols(env, type.symbols));
  object.Set("flagFields", ConvertAll(env, type.flag_fields, ToJsString));
  return object;
}

Napi::Object ConvertCpu(Napi::Env env, const CpuSummary& cpu) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("pages", Napi::Number::New(env, static_cast<double>(cpu.pages)));
  object.Set("events", Napi::Number::New(env, static_cast<double>(cpu.events)));
  object.Set("raised", Napi::Number::New(env, static_cast<double>(cpu.raised)));
  return object;
}

void GiveBatch(Napi::Object object, Batch* batch, const std::vector<EventType>& types, bool is_whole) {
  const Napi::Env env = object.Env();
  object.Set("rows", GiveRows(env, &batch->rows));
  object.Set("columns", GiveAllColumns(env, batch, types, is_whole));
  object.Set("pointers", Give(env, &batch->pointers, napi_biguint64_array));
  object.Set("strings", ConvertAll(env, batch->strings, ToJsString));
  object.Set("gaps", ConvertAll(env, batch->gaps, ConvertGap));
}

}  // namespace fct
