// Pickles that tests convert.
#pragma once

#include <vector>

#include "base/text.hpp"
#include "io/file.hpp"
#include "pickle/transcode.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

namespace brine::test {

using pickle::Op;
using pickle::Transcoder;

struct Text final : Sink {
  std::string text;
  void write(ByteView more) override { text += text_of(more); }
};

// Converts and checks, as every caller does.
inline std::string converted(std::string_view pickle, int protocol, const Limits& limits = {}) {
  const io::MemoryFile payload(bytes_of(pickle));
  Transcoder transcoder(payload, 0, protocol, limits);
  BOOST_TEST(transcoder.end() == pickle.size());
  Text out;
  transcoder.write(out);
  const io::MemoryFile written(bytes_of(out.text));
  BOOST_TEST(transcoder.check(written, 0) == out.text.size());
  return out.text;
}

struct Vector {
  std::string_view name;
  Stream from;
  int protocol;
  Stream to;
};

inline void check(const std::vector<Vector>& vectors) {
  for (const auto& [name, from, protocol, to] : vectors) {
    const std::string found = converted(from.str(), protocol);
    BOOST_TEST((found == to.str()), name << ": " << base::printable(found) << " instead of "
                                         << base::printable(to.str()));
  }
}

inline Stream proto(int version) { return Stream().proto(version); }

// In one frame.
inline Stream framed(int version, const Stream& content) {
  return proto(version).frame(Stream(content).stop());
}

inline Stream call(Stream stream, Op arguments) { return stream.op(arguments).op(Op::reduce); }

}  // namespace brine::test
