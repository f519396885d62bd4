#include "store/unwrap.hpp"

#include <array>

#include "brine/error.hpp"
#include "io/file.hpp"
#include "store/analysis.hpp"

namespace brine::store {
namespace {

constexpr std::size_t piece_bytes = 1U << 20;

bool holds_pickle(Source& decoded, const Limits& limits) {
  pickle::Machine machine(pickle::Detail::symbols, limits);
  PickleStream stream(machine, 0, limits.max_pickles, limits);
  Bytes piece(piece_bytes);
  std::uint64_t bytes = 0;
  while (const std::size_t count = decoded.read(piece)) {
    bytes += count;
    if (bytes > limits.max_payload_bytes) return false;
    stream.write(ByteView(piece).first(count));
    if (!stream.reason().empty() || stream.has_trailing_bytes()) return false;
  }
  stream.finish();
  return stream.reason().empty() && stream.pickles() > 0;
}

}  // namespace

std::optional<CodecId> wrapper_of_pickle(const RandomSource& file, const Limits& limits) {
  std::array<std::byte, 16> head{};
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(head.size(), file.size()));
  file.read_at(0, ByteSpan(head).first(length));
  const auto codec = codec::sniff(ByteView(head).first(length));
  if (!codec) return std::nullopt;
  try {
    io::SequentialSource stored(file);
    const auto decoded = codec::make_decoding_source(*codec, stored, limits);
    if (holds_pickle(*decoded, limits)) return codec;
  } catch (const Error& error) {
    const bool is_the_files_fault = error.code() == Errc::corrupt || error.code() == Errc::limit ||
                                    error.code() == Errc::unsupported;
    if (!is_the_files_fault) throw;
  }
  return std::nullopt;
}

}  // namespace brine::store
