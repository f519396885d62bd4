// Payloads of the kinds that a store is given.
#pragma once

#include <random>

#include "brine/pickle.hpp"
#include "support/opcodes.hpp"

namespace brine::test {

/// A whole pickle of protocol 4 that says `text`.
inline std::string pickle_of(std::string_view text) {
  return Stream().proto(4).long_text(text).stop().str();
}

/// Bytes that no codec makes smaller; the same for the same seed.
inline std::string noise(std::size_t count, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string text(count, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

/// A tuple of buffers of these sizes, as protocol 5 writes them: each behind a header of 9 bytes.
inline std::string pickle_with_buffers(std::initializer_list<std::size_t> sizes) {
  Stream stream;
  stream.proto(5).mark();
  unsigned seed = 0;
  for (const std::size_t size : sizes) stream.op(Op::binbytes8, noise(size, ++seed), 8);
  return stream.op(Op::tuple).stop().str();
}

/// An instance of `symbol` in the way that picklers of `protocol` write one.
inline std::string instance_of(const Symbol& symbol, int protocol) {
  Stream stream;
  if (protocol >= 2) stream.proto(protocol);
  if (protocol >= 4) {
    stream.frame(Stream()
                     .symbol(symbol.module, symbol.name)
                     .op(Op::empty_tuple)
                     .op(Op::newobj)
                     .memo()
                     .stop());
    return stream.str();
  }
  stream.global(symbol.module, symbol.name);
  if (protocol >= 2) {
    stream.op(Op::empty_tuple).op(Op::newobj);
  } else {
    stream.mark().op(Op::tuple).op(Op::reduce);
  }
  return stream.stop().str();
}

/// Runs `sh -c` on load: dangerous under every policy.
inline std::string dangerous_pickle() {
  return Stream()
      .proto(2)
      .global("os", "system")
      .text("true")
      .op(Op::tuple1)
      .op(Op::reduce)
      .stop()
      .str();
}

}  // namespace brine::test
