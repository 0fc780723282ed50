#include "trace_decode_format.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "synthetic_trace.h"
#include "trace_decode_plan.h"

namespace fct {
namespace {

FieldPlan PlanOf(const std::string& declaration, int size, int is_signed = 0) {
  const std::string field = "\tfield:" + declaration + ";\toffset:8;\tsize:" + std::to_string(size) +
                            ";\tsigned:" + std::to_string(is_signed) + ";\n";
  return CompileEventPlan(ParseEventFormat(Format("test", 1, field), "test", 0), 8, 0).fields.at(0);
}

std::string Described(const FieldPlan& plan) {
  return plan.name + " " + NameOf(plan.kind) + " " + NameOf(plan.place);
}

TEST_CASE("a format file is taken apart") {
  const EventFormat format = ParseEventFormat(
      Format("fct_phase", 1967, "\tfield:u32 phase;\toffset:8;\tsize:4;\tsigned:0;\n", "\"%s\", 1"), "x", 0);
  CHECK(format.name == "fct_phase");
  CHECK(format.id == 1967);
  CHECK(format.common.size() == 4);
  CHECK(format.fields.size() == 1);
  CHECK(format.fields[0].type == "u32");
  CHECK(format.print_format == "\"%s\", 1\n");
}

TEST_CASE("declarations become kinds") {
  CHECK(Described(PlanOf("u8 may", 1)) == "may u8 fixed");
  CHECK(Described(PlanOf("bool on", 1)) == "on u8 fixed");
  CHECK(Described(PlanOf("char c", 1, 1)) == "c i8 fixed");
  CHECK(Described(PlanOf("u16 op", 2)) == "op u16 fixed");
  CHECK(Described(PlanOf("short s", 2, 1)) == "s i16 fixed");
  CHECK(Described(PlanOf("s32 ref", 4, 1)) == "ref i32 fixed");
  CHECK(Described(PlanOf("enum zone_type zone", 4)) == "zone u32 fixed");
  CHECK(Described(PlanOf("unsigned long ip", 8)) == "ip u64 fixed");
  CHECK(Described(PlanOf("long state", 8, 1)) == "state i64 fixed");
  CHECK(Described(PlanOf("const void * nf", 8)) == "nf pointer fixed");
  CHECK(Described(PlanOf("struct file *nf_file", 8)) == "nf_file pointer fixed");
  CHECK(Described(PlanOf("void * half", 4)) == "half u32 fixed");
  CHECK(Described(PlanOf("char comm[16]", 16)) == "comm string fixed");
  CHECK(Described(PlanOf("char buf[]", 0)) == "buf string tail");
  CHECK(Described(PlanOf("__data_loc char[] name", 4)) == "name string data_loc");
  CHECK(Described(PlanOf("__rel_loc char[] name", 4)) == "name string rel_loc");
  CHECK(Described(PlanOf("__data_loc __u8[] raw", 4)) == "raw hex data_loc");
  CHECK(Described(PlanOf("u8 fsid[16]", 16)) == "fsid hex fixed");
  CHECK(Described(PlanOf("unsigned char mac[6]", 6)) == "mac hex fixed");
  CHECK(Described(PlanOf("unsigned long args[6]", 48)) == "args hex fixed");
  CHECK(Described(PlanOf("char *[4] names", 32)) == "names hex fixed");
  CHECK(Described(PlanOf("struct sockaddr_in6 addr", 28)) == "addr hex fixed");
  CHECK(Described(PlanOf("struct { int a; int b; } pair", 8)) == "pair u64 fixed");
}

TEST_CASE("a record must hold what is read without asking, and no more") {
  const std::string fields =
      "\tfield:__data_loc char[] a;\toffset:8;\tsize:4;\tsigned:0;\n\tfield:u16 "
      "b;\toffset:12;\tsize:2;\tsigned:0;\n"
      "\tfield:unsigned long caller[8];\toffset:16;\tsize:64;\tsigned:0;\n";
  CHECK(CompileEventPlan(ParseEventFormat(Format("test", 1, fields), "test", 0), 8, 0).required == 14);
}

TEST_CASE("texts that are no formats are refused, with the place") {
  const auto parse = [](const std::string& text) {
    return ErrorOf([&] { CompileEventPlan(ParseEventFormat(text, "test", 100), 8, 100); });
  };
  CHECK(parse("") == "FCT_DECODE_FORMAT at 100");
  CHECK(parse("name: x\n") == "FCT_DECODE_FORMAT at 100");
  CHECK(parse("name: x\nID: 65536\n") == "FCT_DECODE_FORMAT at 100");
  CHECK(parse("name: x\nID: 1\n") == "FCT_DECODE_FORMAT at 100");  // no common fields
  CHECK(parse("name: x\n\tfield:u32 a;\n") == "FCT_DECODE_FORMAT at 108");
  CHECK(parse("name: x\n\tfield:];\toffset:8;\tsize:4;\n") == "FCT_DECODE_FORMAT at 108");
  CHECK(parse("name: x\n\tfield:u8 a;\toffset:4294967295;\tsize:4;\n") == "FCT_DECODE_FORMAT at 108");
  CHECK(parse("name: x\n\tfield:u8 a;\toffset:8;\tsize:-4;\n") == "FCT_DECODE_FORMAT at 108");
}

TEST_CASE("header_page is believed, whatever it says that can be") {
  const PageLayout large = LayoutOf(8, 65536);
  CHECK(large.page_size == 65536);
  CHECK(large.data_offset == 16);
  const PageLayout narrow = LayoutOf(4);
  CHECK(narrow.commit_size == 4);
  CHECK(narrow.data_offset == 12);
  CHECK(narrow.page_size == 4096);
}

TEST_CASE("an impossible header_page or header_event is refused") {
  CHECK(ErrorOf([] { ParseHeaderPage("", 7); }) == "FCT_DECODE_FORMAT at 7");
  CHECK(ErrorOf([] { ParseHeaderPage(HeaderPage(2), 7); }) == "FCT_DECODE_FORMAT at 7");
  CHECK(ErrorOf([] { ParseHeaderPage(HeaderPage(8, 16), 7); }) == "FCT_DECODE_FORMAT at 7");
  CHECK(ErrorOf([] { CheckHeaderEvent(kHeaderEvent, 7); }) == "");
  CHECK(ErrorOf([] { CheckHeaderEvent("\ttype_len : 6 bits\n", 7); }) == "FCT_DECODE_FORMAT at 7");
}

}  // namespace
}  // namespace fct
