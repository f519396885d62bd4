// Numbers in lines of text: what the C unpickler of CPython 3.11 takes for one.
//
// It reads more than any pickler writes, and the unpickler in Python, pickletools and other
// versions read some of it otherwise or not at all: `I017` is 15 or an error or 17, `I1` with a NUL
// behind it is 1 or an error. Such a line is disputed.
// Source: CPython Modules/_pickle.c, Objects/longobject.c, Python/pystrtod.c (3.11); facts only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "pickle/token.hpp"

namespace brine::pickle {

enum class Spelling : std::uint8_t {
  refused,
  disputed,  ///< the C unpickler takes it, and not every reader takes it as the same number
  plain,     ///< as picklers write it
};

/// Of the line of INT, LONG, FLOAT, GET or PUT; all other opcodes are plain.
Spelling spelling_of(Op op, std::string_view line);
inline Spelling spelling_of(const Token& token) {
  return spelling_of(token.code->op, text_of(token.argument));
}

/// Reads the line of GET or PUT as int(line, 10) does; nothing where it is refused or negative.
std::optional<std::uint64_t> read_index(std::string_view line);

}  // namespace brine::pickle
