#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <new>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "digest/digest.hpp"

namespace brine::digest {
namespace {

Xxh128 canonical(XXH128_hash_t hash) {
  XXH128_canonical_t big_endian;
  XXH128_canonicalFromHash(&big_endian, hash);
  Xxh128 value;
  std::ranges::copy(std::as_bytes(std::span(big_endian.digest)), value.bytes.begin());
  return value;
}

}  // namespace

std::string Xxh128::hex() const { return base::to_hex(bytes); }

Xxh128 xxh128(ByteView bytes) { return canonical(XXH3_128bits(bytes.data(), bytes.size())); }

Xxh128 parse_xxh128(std::string_view hex) {
  Xxh128 value;
  const auto bytes = base::from_hex(hex);
  if (!bytes || bytes->size() != value.bytes.size()) {
    throw Error(Errc::corrupt, fmt::format("'{}' is no digest: expected 32 hex digits",
                                           base::printable(hex.substr(0, 64))));
  }
  std::ranges::copy(*bytes, value.bytes.begin());
  return value;
}

// xxhash keeps the size of its state to itself.
struct Xxh128Stream::State {
  State() : xxh(XXH3_createState()) {
    if (xxh == nullptr) throw std::bad_alloc();
    XXH3_128bits_reset(xxh);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(xxh); }

  XXH3_state_t* xxh;
};

Xxh128Stream::Xxh128Stream() : state_(std::make_unique<State>()) {}
Xxh128Stream::Xxh128Stream(Xxh128Stream&&) noexcept = default;
Xxh128Stream& Xxh128Stream::operator=(Xxh128Stream&&) noexcept = default;
Xxh128Stream::~Xxh128Stream() = default;

void Xxh128Stream::update(ByteView bytes) {
  XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size());
}

Xxh128 Xxh128Stream::value() const { return canonical(XXH3_128bits_digest(state_->xxh)); }

}  // namespace brine::digest
