#include "pickle/opcode.hpp"

namespace brine::pickle {
namespace {

using enum Argument;

constexpr Opcode rows[] = {
    {Op::mark, "MARK", 0},
    {Op::stop, "STOP", 0},
    {Op::pop, "POP", 0},
    {Op::pop_mark, "POP_MARK", 1},
    {Op::dup, "DUP", 0},
    {Op::float_, "FLOAT", 0, line},
    {Op::int_, "INT", 0, line},
    {Op::binint, "BININT", 1, fixed, 4},
    {Op::binint1, "BININT1", 1, fixed, 1},
    {Op::long_, "LONG", 0, line},
    {Op::binint2, "BININT2", 1, fixed, 2},
    {Op::none, "NONE", 0},
    {Op::persid, "PERSID", 0, line},
    {Op::binpersid, "BINPERSID", 1},
    {Op::reduce, "REDUCE", 0},
    {Op::string, "STRING", 0, line},
    {Op::binstring, "BINSTRING", 1, counted, 4},
    {Op::short_binstring, "SHORT_BINSTRING", 1, counted, 1},
    {Op::unicode, "UNICODE", 0, line},
    {Op::binunicode, "BINUNICODE", 1, counted, 4},
    {Op::append, "APPEND", 0},
    {Op::build, "BUILD", 0},
    {Op::global, "GLOBAL", 0, two_lines},
    {Op::dict, "DICT", 0},
    {Op::empty_dict, "EMPTY_DICT", 1},
    {Op::appends, "APPENDS", 1},
    {Op::get, "GET", 0, line},
    {Op::binget, "BINGET", 1, fixed, 1},
    {Op::inst, "INST", 0, two_lines},
    {Op::long_binget, "LONG_BINGET", 1, fixed, 4},
    {Op::list, "LIST", 0},
    {Op::empty_list, "EMPTY_LIST", 1},
    {Op::obj, "OBJ", 1},
    {Op::put, "PUT", 0, line},
    {Op::binput, "BINPUT", 1, fixed, 1},
    {Op::long_binput, "LONG_BINPUT", 1, fixed, 4},
    {Op::setitem, "SETITEM", 0},
    {Op::tuple, "TUPLE", 0},
    {Op::empty_tuple, "EMPTY_TUPLE", 1},
    {Op::setitems, "SETITEMS", 1},
    {Op::binfloat, "BINFLOAT", 1, fixed, 8},
    {Op::proto, "PROTO", 2, fixed, 1},
    {Op::newobj, "NEWOBJ", 2},
    {Op::ext1, "EXT1", 2, fixed, 1},
    {Op::ext2, "EXT2", 2, fixed, 2},
    {Op::ext4, "EXT4", 2, fixed, 4},
    {Op::tuple1, "TUPLE1", 2},
    {Op::tuple2, "TUPLE2", 2},
    {Op::tuple3, "TUPLE3", 2},
    {Op::newtrue, "NEWTRUE", 2},
    {Op::newfalse, "NEWFALSE", 2},
    {Op::long1, "LONG1", 2, counted, 1},
    {Op::long4, "LONG4", 2, counted, 4},
    {Op::binbytes, "BINBYTES", 3, counted, 4},
    {Op::short_binbytes, "SHORT_BINBYTES", 3, counted, 1},
    {Op::short_binunicode, "SHORT_BINUNICODE", 4, counted, 1},
    {Op::binunicode8, "BINUNICODE8", 4, counted, 8},
    {Op::binbytes8, "BINBYTES8", 4, counted, 8},
    {Op::empty_set, "EMPTY_SET", 4},
    {Op::additems, "ADDITEMS", 4},
    {Op::frozenset, "FROZENSET", 4},
    {Op::newobj_ex, "NEWOBJ_EX", 4},
    {Op::stack_global, "STACK_GLOBAL", 4},
    {Op::memoize, "MEMOIZE", 4},
    {Op::frame, "FRAME", 4, fixed, 8},
    {Op::bytearray8, "BYTEARRAY8", 5, counted, 8},
    {Op::next_buffer, "NEXT_BUFFER", 5},
    {Op::readonly_buffer, "READONLY_BUFFER", 5},
};
static_assert(std::size(rows) == 68);

constexpr std::array<Opcode, 256> by_byte() {
  std::array<Opcode, 256> table{};
  for (const Opcode& row : rows) table[static_cast<std::uint8_t>(row.op)] = row;
  return table;
}

constexpr std::array<std::uint8_t, 256> plain_by_byte() {
  std::array<std::uint8_t, 256> table{};
  for (const Opcode& row : rows) {
    const bool is_plain = (row.argument == none || row.argument == fixed) && row.op != Op::frame &&
                          row.op != Op::stop;
    if (is_plain)
      table[static_cast<std::uint8_t>(row.op)] = static_cast<std::uint8_t>(1 + row.width);
  }
  return table;
}

}  // namespace

constinit const std::array<Opcode, 256> opcodes = by_byte();
constinit const std::array<std::uint8_t, 256> plain_bytes = plain_by_byte();

}  // namespace brine::pickle
