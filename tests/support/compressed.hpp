// Compressed streams made of what brine itself encodes.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "codec/codec.hpp"

namespace brine::test {

inline std::string packed(CodecId codec, std::string_view text) {
  const auto encoder = codec::make_encoder({codec, info(codec).default_level}, text.size());
  Bytes out;
  encoder->encode(bytes_of(text), out);
  return std::string(text_of(out));
}

/// A gzip member without its header and trailer.
inline std::string deflated(std::string_view text) {
  const std::string member = packed(CodecId::gzip, text);
  return member.substr(10, member.size() - 18);
}

/// RFC 1950: the checksum is Adler-32, most significant byte first.
inline std::string zlib_stream(std::string_view text) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const char c : text) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  std::string stream = "\x78\x9c" + deflated(text);
  for (const std::uint32_t half : {b, a}) {
    stream += {static_cast<char>(half >> 8), static_cast<char>(half)};
  }
  return stream;
}

}  // namespace brine::test
