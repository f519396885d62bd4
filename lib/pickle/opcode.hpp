// The 68 opcodes of protocols 0 to 5, as one table.
// Source: CPython Lib/pickletools.py (3.13) and Modules/_pickle.c; facts only.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace brine::pickle {

/// How the argument of an opcode is spelled.
enum class Argument : std::uint8_t {
  none,
  fixed,      ///< `width` bytes
  line,       ///< up to and with a newline
  two_lines,  ///< GLOBAL and INST
  counted,    ///< a length of `width` bytes, then that many
};

enum class Op : std::uint8_t {
  mark = '(', stop = '.', pop = '0', pop_mark = '1', dup = '2', float_ = 'F', int_ = 'I',
  binint = 'J', binint1 = 'K', long_ = 'L', binint2 = 'M', none = 'N', persid = 'P',
  binpersid = 'Q', reduce = 'R', string = 'S', binstring = 'T', short_binstring = 'U',
  unicode = 'V', binunicode = 'X', append = 'a', build = 'b', global = 'c', dict = 'd',
  empty_dict = '}', appends = 'e', get = 'g', binget = 'h', inst = 'i', long_binget = 'j',
  list = 'l', empty_list = ']', obj = 'o', put = 'p', binput = 'q', long_binput = 'r',
  setitem = 's', tuple = 't', empty_tuple = ')', setitems = 'u', binfloat = 'G',
  proto = 0x80, newobj = 0x81, ext1 = 0x82, ext2 = 0x83, ext4 = 0x84, tuple1 = 0x85,
  tuple2 = 0x86, tuple3 = 0x87, newtrue = 0x88, newfalse = 0x89, long1 = 0x8a, long4 = 0x8b,
  binbytes = 'B', short_binbytes = 'C', short_binunicode = 0x8c, binunicode8 = 0x8d,
  binbytes8 = 0x8e, empty_set = 0x8f, additems = 0x90, frozenset = 0x91, newobj_ex = 0x92,
  stack_global = 0x93, memoize = 0x94, frame = 0x95, bytearray8 = 0x96, next_buffer = 0x97,
  readonly_buffer = 0x98,
};

struct Opcode {
  Op op{};
  std::string_view name;  ///< as pickletools spells it; empty: no such opcode
  std::uint8_t protocol = 0;  ///< that introduced it; readers accept it under any
  Argument argument = Argument::none;
  std::uint8_t width = 0;
};

/// Every byte's row.
extern const std::array<Opcode, 256> opcodes;

/// How many bytes an opcode takes that always takes as many, and that does nothing to the reading
/// itself; 0 for all others, and for what is no opcode.
extern const std::array<std::uint8_t, 256> plain_bytes;

}  // namespace brine::pickle
