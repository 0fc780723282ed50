#include "read_trace.h"

#include <optional>
#include <string>

#include "file_source.h"
#include "joined_source.h"
#include "promise_worker.h"
#include "trace_decode.h"

namespace fct {
namespace {

template <typename T>
Napi::ArrayBuffer GiveBuffer(Napi::Env env, Array<T>* array, size_t count) {
  if (count == 0) return Napi::ArrayBuffer::New(env, 0);
  T* memory = array->Release();
  return Napi::ArrayBuffer::New(env, memory, count * sizeof(T),
                                [](Napi::Env, void* given) { std::free(given); });
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

Napi::Object GiveColumns(Napi::Env env, Trace* trace, size_t type) {
  Napi::Object object = Napi::Object::New(env);
  const std::vector<FieldPlan>& fields = trace->types[type].plan.fields;
  for (size_t i = 0; i < fields.size(); i++) {
    object.Set(fields[i].name,
               GiveColumn(env, &trace->columns[type][i], fields[i].kind, trace->counts[type]));
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

Napi::Object ConvertComms(Napi::Env env, const std::map<int32_t, std::string>& comms) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [pid, comm] : comms) {
    const Napi::HandleScope scope(env);
    object.Set(std::to_string(pid), comm);
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

Napi::Object ConvertCpu(Napi::Env env, const CpuSummary& cpu) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("pages", Napi::Number::New(env, static_cast<double>(cpu.pages)));
  object.Set("events", Napi::Number::New(env, static_cast<double>(cpu.events)));
  object.Set("raised", Napi::Number::New(env, static_cast<double>(cpu.raised)));
  return object;
}

Napi::Value ConvertRingStats(Napi::Env env, const Trace& trace, uint32_t cpu) {
  const auto found = trace.ring_stats.find(cpu);
  if (found == trace.ring_stats.end()) return env.Null();
  const auto number = [env](uint64_t count) { return Napi::Number::New(env, static_cast<double>(count)); };
  Napi::Object object = Napi::Object::New(env);
  object.Set("entries", number(found->second.entries));
  object.Set("overrun", number(found->second.overrun));
  object.Set("commitOverrun", number(found->second.commit_overrun));
  object.Set("dropped", number(found->second.dropped));
  object.Set("read", number(found->second.read));
  return object;
}

Napi::Array ConvertAllRingStats(Napi::Env env, const Trace& trace) {
  const auto cpus = static_cast<uint32_t>(trace.per_cpu.size());
  Napi::Array array = Napi::Array::New(env, cpus);
  for (uint32_t cpu = 0; cpu < cpus; cpu++) array[cpu] = ConvertRingStats(env, trace, cpu);
  return array;
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

template <typename Range, typename Convert>
Napi::Array ConvertAll(Napi::Env env, const Range& range, Convert convert) {
  Napi::Array array = Napi::Array::New(env, range.size());
  uint32_t at = 0;
  for (const auto& element : range) {
    const Napi::HandleScope scope(env);  // a full trace.dat describes two thousand types
    array[at++] = convert(env, element);
  }
  return array;
}

Napi::String ToJsString(Napi::Env env, const std::string& text) { return Napi::String::New(env, text); }

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

Napi::Array GiveAllColumns(Napi::Env env, Trace* trace) {
  Napi::Array array = Napi::Array::New(env, trace->types.size());
  for (uint32_t type = 0; type < trace->types.size(); type++) {
    const Napi::HandleScope scope(env);
    array[type] = GiveColumns(env, trace, type);
  }
  return array;
}

Napi::Value GiveTrace(Napi::Env env, Trace trace) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("version", Napi::Number::New(env, trace.version));
  object.Set("longSize", Napi::Number::New(env, trace.long_size));
  object.Set("cpus", Napi::Number::New(env, static_cast<double>(trace.per_cpu.size())));
  object.Set("buffer", trace.buffer);
  object.Set("clock", trace.clock);
  object.Set("comms", ConvertComms(env, trace.comms));
  object.Set("types", ConvertAll(env, trace.types, ConvertType));
  object.Set("rows", GiveRows(env, &trace.rows));
  object.Set("columns", GiveAllColumns(env, &trace));
  object.Set("pointers", Give(env, &trace.pointers, napi_biguint64_array));
  object.Set("strings", ConvertAll(env, trace.strings, ToJsString));
  object.Set("perCpu", ConvertAll(env, trace.per_cpu, ConvertCpu));
  object.Set("ringStats", ConvertAllRingStats(env, trace));
  object.Set("gaps", ConvertAll(env, trace.gaps, ConvertGap));
  return object;
}

std::optional<std::string> OptionalString(const Napi::Value& value) {
  if (!value.IsString()) return std::nullopt;
  return value.As<Napi::String>().Utf8Value();
}

Napi::Value ReadTrace(const Napi::CallbackInfo& info) {
  const auto work = [path = std::string(info[0].As<Napi::String>()), buffer = OptionalString(info[1])] {
    return DecodeTrace(FileSource(path), buffer);
  };
  return RunOffLoop(info.Env(), work, GiveTrace);
}

struct FilePart {
  std::string path;
  uint64_t size;
};

std::vector<FilePart> ToFileParts(const Napi::Array& array) {
  std::vector<FilePart> parts;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const auto part = array.Get(i).As<Napi::Object>();
    const auto size = part.Get("size").As<Napi::Number>().Int64Value();
    parts.push_back({part.Get("path").As<Napi::String>(), static_cast<uint64_t>(size)});
  }
  return parts;
}

Napi::Value ReadTraceParts(const Napi::CallbackInfo& info) {
  const auto head = info[0].As<Napi::Uint8Array>();
  const auto work = [head = std::string(reinterpret_cast<const char*>(head.Data()), head.ByteLength()),
                     parts = ToFileParts(info[1].As<Napi::Array>())] {
    JoinedSource source(head);
    for (const FilePart& part : parts) source.Append(part.path, part.size);
    return DecodeTrace(source);
  };
  return RunOffLoop(info.Env(), work, GiveTrace);
}

}  // namespace

void InitReadTrace(Napi::Env env, Napi::Object exports) {
  exports.Set("readTrace", Napi::Function::New(env, ReadTrace, "readTrace"));
  exports.Set("readTraceParts", Napi::Function::New(env, ReadTraceParts, "readTraceParts"));
}

}  // namespace fct
