#include "archive/npy.hpp"

#include "base/arithmetic.hpp"
#include "brine/error.hpp"

namespace brine::archive {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::uint64_t prefix_bytes = 8;  // magic, major, minor
// numpy itself refuses header literals of more than 10,000 characters.
constexpr std::uint64_t longest_header = 1U << 16;

}  // namespace

NpyHeader read_npy(const RandomSource& source, std::uint64_t offset, std::uint64_t bytes) {
  const auto truncated = [] { return Error(Errc::corrupt, "the npy header is cut short"); };
  Bytes prefix(prefix_bytes + 4);
  if (bytes < prefix.size()) throw truncated();
  source.read_at(offset, prefix);
  if (!text_of(prefix).starts_with(magic)) throw Error(Errc::corrupt, "it has no npy magic");
  const std::size_t width = std::to_integer<int>(prefix[6]) == 1 ? 2 : 4;
  const std::uint64_t length = base::little_endian(prefix.data() + prefix_bytes, width);
  const std::uint64_t header = prefix_bytes + width + length;
  if (length > longest_header || header > bytes) throw truncated();
  Bytes literal(length);
  source.read_at(offset + prefix_bytes + width, literal);
  // A type code with an O in it, `|O` or a field of a structured dtype, holds objects.
  const std::string_view text = text_of(literal);
  const std::size_t descr = text.find("'descr'");
  const std::size_t order = text.find("'fortran_order'");
  const std::string_view dtype =
      descr == std::string_view::npos ? text : text.substr(descr, order > descr ? order - descr : text.size());
  return {header, dtype.find("O'") != std::string_view::npos ||
                      dtype.find("'O") != std::string_view::npos};
}

}  // namespace brine::archive
