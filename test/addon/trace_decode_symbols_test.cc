#include "trace_decode_symbols.h"

#include <doctest/doctest.h>

namespace fct {
namespace {

TEST_CASE("tables of __print_symbolic and __print_flags belong to the field that is printed") {
  // nfsd:nfsd_file_put of Debian 6.1.192, shortened.
  const auto tables = ParseSymbols(
      R"("inode=%p ref=%d flags=%s may=%s", REC->nf_inode, REC->nf_ref, __print_flags(REC->nf_flags, "|", )"
      R"({ 1 << (0), "HASHED" }, { 1 << (3), "GC" }), __print_flags(REC->nf_may, "|", { 0x001, "EXEC" }))");
  CHECK(tables.size() == 2);
  CHECK(tables.at("nf_flags") == std::map<std::string, std::string>{{"1", "HASHED"}, {"8", "GC"}});
  CHECK(tables.at("nf_may") == std::map<std::string, std::string>{{"1", "EXEC"}});
}

TEST_CASE("fields of flags are told from those that have one value at a time") {
  const std::string print =
      R"("%s %s", __print_symbolic(REC->op, { 1, "load" }), __print_flags(REC->f & 7, "|", { 1, "x" }))";
  CHECK(ParseFlagFields(print) == std::set<std::string>{"f"});
  CHECK(ParseFlagFields("\"%d\", __print_flags(1, {").empty());
}

TEST_CASE("an expression over a field is a table of that field") {
  const auto tables =
      ParseSymbols(R"("%s", __print_symbolic((u16)(REC->op & 0xff), { 1, "load" }, { 2, "quiet" }))");
  CHECK(tables.at("op").at("2") == "quiet");
}

TEST_CASE("entries that are not understood are left out, the others stay") {
  const auto tables = ParseSymbols(
      R"("%s", __print_symbolic(REC->type, { UNRESOLVED, "a" }, { 2, "b" }, { 3, NULL }, { 4 }, 5, { -1, "c,d)}" }))");
  CHECK(tables.at("type") == std::map<std::string, std::string>{{"2", "b"}, {"-1", "c,d)}"}});
}

TEST_CASE("values beyond 2^53 stay exact") {
  const auto tables = ParseSymbols(R"("%s", __print_flags_u64(REC->f, "", { 1ULL << 63, "top" }))");
  CHECK(tables.at("f").begin()->first == "9223372036854775808");
}

TEST_CASE("the same field printed twice has one table") {
  const auto tables = ParseSymbols(
      R"(__print_symbolic(REC->a, { 1, "x" }), __print_flags(REC->a, "|", { 1, "other" }, { 2, "y" }))");
  CHECK(tables.at("a") == std::map<std::string, std::string>{{"1", "x"}, {"2", "y"}});
}

TEST_CASE("texts without tables, and broken ones, have none") {
  CHECK(ParseSymbols("").empty());
  CHECK(ParseSymbols("\"%d\", REC->a").empty());
  CHECK(ParseSymbols("__print_symbolic(").empty());
  CHECK(ParseSymbols("__print_symbolic(REC->a, { 1, \"x").empty());
  CHECK(ParseSymbols("__print_symbolic(a, { 1, \"x\" })").empty());
  std::string nested;
  for (int i = 0; i < 20000; i++) nested += "__print_symbolic(";
  CHECK(ParseSymbols(nested).empty());
}

}  // namespace
}  // namespace fct
