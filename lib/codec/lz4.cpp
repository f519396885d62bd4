// Frames of lz4, read only: joblib writes them.
#include <lz4frame.h>

#include "codec/stream.hpp"

namespace brine::codec {
namespace {

constexpr std::string_view self = "lz4";

class Lz4Stream final : public StreamDecoder {
 public:
  Lz4Stream() {
    const auto made = LZ4F_createDecompressionContext(&context_, LZ4F_VERSION);
    if (LZ4F_isError(made)) throw std::bad_alloc();
  }
  ~Lz4Stream() override { LZ4F_freeDecompressionContext(context_); }

  void begin() override { LZ4F_resetDecompressionContext(context_); }

  Step step(ByteView encoded, ByteSpan room) override {
    std::size_t consumed = encoded.size();
    std::size_t produced = room.size();
    const std::size_t wanted =
        LZ4F_decompress(context_, room.data(), &produced, encoded.data(), &consumed, nullptr);
    if (LZ4F_isError(wanted)) throw_damaged(self, LZ4F_getErrorName(wanted));
    return {consumed, produced, wanted == 0};
  }

 private:
  LZ4F_dctx* context_ = nullptr;
};

std::unique_ptr<StreamDecoder> make(const Limits&) { return std::make_unique<Lz4Stream>(); }

bool begins(ByteView head) {
  const std::string_view text = text_of(head);
  if (text.size() < 4) return false;
  const bool is_skippable = (text[0] & '\xf0') == '\x50' && text.substr(1, 3) == "\x2a\x4d\x18";
  return is_skippable || text.starts_with("\x04\x22\x4d\x18");
}

}  // namespace

const StreamKind lz4_kind{self, make, begins};

}  // namespace brine::codec
