#include <fmt/format.h>

#include <algorithm>

#include "codec/stream.hpp"

namespace brine::codec {
namespace {

class PlainEncoder final : public Encoder {
 public:
  void encode(ByteView raw, Bytes& out) override { out.assign(raw.begin(), raw.end()); }
};

class PlainDecoder final : public Decoder {
 public:
  void decode(ByteView stored, ByteSpan raw) override {
    if (stored.size() != raw.size()) {
      throw_damaged(CodecId::none,
                    fmt::format("{} bytes, expected {}", stored.size(), raw.size()));
    }
    std::copy(stored.begin(), stored.end(), raw.begin());
  }
};

std::unique_ptr<Encoder> make_encoder(int, std::uint64_t) {
  return std::make_unique<PlainEncoder>();
}
std::unique_ptr<Decoder> make_decoder(const Limits&) { return std::make_unique<PlainDecoder>(); }
std::uint64_t encoder_bytes(int, std::uint64_t) { return 0; }

}  // namespace

const Implementation none{make_encoder, make_decoder, nullptr, encoder_bytes};

}  // namespace brine::codec
