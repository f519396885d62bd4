#include "codec/codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "codec/stream.hpp"

namespace brine {
namespace {

constexpr std::array table{
    CodecInfo{CodecId::none, "none", "bin", "cat", 0, 0, 0},
    CodecInfo{CodecId::gzip, "gzip", "gz", "gzip -dc", 0, 9, 6},
    CodecInfo{CodecId::bzip2, "bzip2", "bz2", "bzip2 -dc", 1, 9, 9},
    CodecInfo{CodecId::xz, "xz", "xz", "xz -dc", 0, 9, 6},
    // The negative levels of zstd go down to -131072; below -7 it hardly compresses.
    CodecInfo{CodecId::zstd, "zstd", "zst", "zstd -dc", -7, 22, 3},
};

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].id) != i) return false;
  }
  return true;
}
static_assert(in_enum_order(), "info() indexes the table by the enum");

std::string form_of(const CodecInfo& row) {
  if (row.min_level == row.max_level) return fmt::format("write {}", row.name);
  return fmt::format("write {0} or {0}:LEVEL, as in {0}:{1}", row.name, row.default_level);
}

const CodecInfo& row_named(std::string_view name) {
  std::array<std::string_view, table.size()> names;
  std::transform(table.begin(), table.end(), names.begin(),
                 [](const CodecInfo& row) { return row.name; });
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return table[static_cast<std::size_t>(found - names.begin())];
  const auto near = base::closest(name, names);
  throw Error(Errc::usage,
              fmt::format("unknown codec '{}'{}", base::printable(name),
                          near ? fmt::format(": did you mean {}?", *near) : std::string()),
              fmt::format("write NAME or NAME:LEVEL, with one of {}", fmt::join(names, ", ")));
}

void require_level(const Codec& codec) {
  const CodecInfo& row = info(codec.id);
  if (codec.level >= row.min_level && codec.level <= row.max_level) return;
  throw Error(Errc::usage,
              fmt::format("level {} of {} is out of range: {} to {}", codec.level, row.name,
                          row.min_level, row.max_level),
              form_of(row));
}

int parse_level(const CodecInfo& row, std::string_view text) {
  if (row.id == CodecId::none) {
    throw Error(Errc::usage, fmt::format("{} has no levels", row.name), form_of(row));
  }
  int level = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
    throw Error(
        Errc::usage,
        fmt::format("level '{}' of {} is not a whole number", base::printable(text), row.name),
        form_of(row));
  }
  if (error == std::errc::result_out_of_range) {
    throw Error(Errc::usage,
                fmt::format("level {} of {} is out of range: {} to {}", text, row.name,
                            row.min_level, row.max_level),
                form_of(row));
  }
  // To zstd, level 0 is another name of its default.
  return row.id == CodecId::zstd && level == 0 ? row.default_level : level;
}

}  // namespace

std::span<const CodecInfo> codecs() noexcept { return table; }

const CodecInfo& info(CodecId id) noexcept { return table[static_cast<std::size_t>(id)]; }

Codec parse_codec(std::string_view text) {
  const std::size_t colon = text.find(':');
  const CodecInfo& row = row_named(text.substr(0, colon));
  if (colon == std::string_view::npos) return {row.id, row.default_level};
  const Codec codec{row.id, parse_level(row, text.substr(colon + 1))};
  require_level(codec);
  return codec;
}

std::string to_string(const Codec& codec) {
  const CodecInfo& row = info(codec.id);
  if (codec.id == CodecId::none) return std::string(row.name);
  return fmt::format("{}:{}", row.name, codec.level);
}

namespace codec {

Encoder::~Encoder() = default;
Decoder::~Decoder() = default;
StreamDecoder::~StreamDecoder() = default;

const Implementation& implementation(CodecId codec) noexcept {
  static constexpr std::array in_order{&none, &gzip, &bzip2, &xz, &zstd};
  return *in_order[static_cast<std::size_t>(codec)];
}

std::unique_ptr<Encoder> make_encoder(const Codec& codec, std::uint64_t block_bytes) {
  require_level(codec);
  return implementation(codec.id).make_encoder(codec.level, block_bytes);
}

std::unique_ptr<Decoder> make_decoder(CodecId codec, const Limits& limits) {
  return implementation(codec).make_decoder(limits);
}

std::uint64_t encoder_bytes(const Codec& codec, std::uint64_t block_bytes) {
  require_level(codec);
  return implementation(codec.id).encoder_bytes(codec.level, block_bytes);
}

std::optional<CodecId> sniff(ByteView head) noexcept {
  const std::string_view text = text_of(head);
  if (text.starts_with("\x1f\x8b\x08")) return CodecId::gzip;
  if (text.starts_with(std::string_view("\xfd\x37zXZ\0", 6))) return CodecId::xz;
  if (text.starts_with("\x28\xb5\x2f\xfd")) return CodecId::zstd;
  // Skippable frames: pzstd and seekable files begin with one.
  if (text.size() >= 4 && (text[0] & '\xf0') == '\x50' && text.substr(1, 3) == "\x2a\x4d\x18") {
    return CodecId::zstd;
  }
  if (text.size() >= 6 && text.starts_with("BZh") && text[3] >= '1' && text[3] <= '9' &&
      (text.substr(4, 2) == "1A" || text.substr(4, 2) == "\x17r")) {
    return CodecId::bzip2;
  }
  return std::nullopt;
}

void require_magic(CodecId codec, ByteView stored) {
  if (stored.empty()) throw_damaged(codec, "it is empty");
  if (sniff(stored) != codec) throw_damaged(codec, "the magic number is missing");
}

void throw_damaged(CodecId codec, std::string_view why) { throw_damaged(info(codec).name, why); }

void throw_damaged(std::string_view format, std::string_view why) {
  throw Error(Errc::corrupt, fmt::format("damaged {} data: {}", format, why));
}

void throw_no_memory(CodecId codec) {
  throw Error(Errc::environment, fmt::format("out of memory for {}", info(codec).name));
}

void throw_unexpected(CodecId codec, std::string_view function, long long answer) {
  throw Error(Errc::internal,
              fmt::format("{} of {} answered {}", function, info(codec).name, answer));
}

}  // namespace codec
}  // namespace brine
