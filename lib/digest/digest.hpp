// Digests: XXH3-128 against accidents, SHA-256 for identity.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "brine/bytes.hpp"

namespace brine::digest {

/// XXH3, 128 bits, in canonical (big-endian) order. Not collision resistant against an attacker.
struct Xxh128 {
  std::array<std::byte, 16> bytes{};
  std::string hex() const;
  friend bool operator==(const Xxh128&, const Xxh128&) = default;
};

Xxh128 xxh128(ByteView bytes);

/// Reads 32 hex digits. Throws: corrupt.
Xxh128 parse_xxh128(std::string_view hex);

/// XXH3-128 of bytes that arrive in pieces.
class Xxh128Stream {
 public:
  Xxh128Stream();
  Xxh128Stream(Xxh128Stream&&) noexcept;
  Xxh128Stream& operator=(Xxh128Stream&&) noexcept;
  ~Xxh128Stream();
  void update(ByteView bytes);
  Xxh128 value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Returns the SHA-256 of `bytes` as 64 hex digits. Throws: environment (libcrypto).
std::string sha256_hex(ByteView bytes);

}  // namespace brine::digest
