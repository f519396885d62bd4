#include "archive/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/arithmetic.hpp"
#include "brine/error.hpp"

namespace brine::archive {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::uint64_t prefix_bytes = 8;  // magic, major, minor
// numpy itself refuses header literals of more than 10,000 characters.
constexpr std::uint64_t longest_header = 1U << 16;
constexpr int deepest_type = 32;
// Type characters of the array interface whose elements are no Python objects: all but O.
constexpr std::string_view plain_kinds = "?biufcmMSaUV";

// Reads a header literal from front to back; false: it is not as numpy writes it.
class Literal {
 public:
  explicit Literal(std::string_view text) : rest_(text) {}

  bool read() {
    return take("{'descr': ") && whole_type() && take(", 'fortran_order': ") &&
           (take("True") || take("False")) && take(", 'shape': (") && dimensions(shape_) &&
           take(", }") && is_padding(rest_);
  }

  /// Requires of all below: read() was true. A code without its quotes.
  const std::string& type_text() const { return type_text_; }
  const std::vector<std::uint64_t>& shape() const { return shape_; }

  /// Nothing where a code in the type has no size of its own.
  std::optional<std::uint64_t> data_bytes() const {
    if (!item_bytes_) return std::nullopt;
    std::uint64_t total = *item_bytes_;
    for (const std::uint64_t each : shape_) total = base::checked_mul(total, each, "the npy shape");
    return total;
  }

 private:
  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  std::string_view take_while(std::string_view set) {
    const std::string_view front = rest_.substr(0, rest_.find_first_not_of(set));
    rest_.remove_prefix(front.size());
    return front;
  }

  bool whole_type() {
    const std::string_view before = rest_;
    if (!type(deepest_type, item_bytes_)) return false;
    type_text_ = before.substr(0, before.size() - rest_.size());
    if (type_text_.front() == '\'') type_text_ = type_text_.substr(1, type_text_.size() - 2);
    return true;
  }

  // `bytes`: of an element.
  bool type(int depth, std::optional<std::uint64_t>& bytes) {
    if (depth == 0) return false;
    if (take("'")) return code(bytes) && take("'");
    if (!take("[")) return false;
    bytes = 0;
    while (take("(")) {
      std::optional<std::uint64_t> field;
      if (!name() || !take(", ") || !type(depth - 1, field)) return false;
      std::vector<std::uint64_t> extents;
      if (take(", (") && !dimensions(extents)) return false;
      if (!take(")")) return false;
      take(", ");
      for (const std::uint64_t each : extents) {
        if (field) field = base::checked_mul(*field, each, "the npy type");
      }
      if (bytes && field) {
        bytes = base::checked_add(*bytes, *field, "the npy type");
      } else {
        bytes.reset();
      }
    }
    return take("]");
  }

  // An optional byte order, a kind, a size, and for times a unit: `<f4`, `|b1`, `<M8[25s]`.
  bool code(std::optional<std::uint64_t>& bytes) {
    if (!rest_.empty() && std::string_view("<>|=").find(rest_[0]) != std::string_view::npos) {
      rest_.remove_prefix(1);
    }
    if (rest_.empty() || plain_kinds.find(rest_[0]) == std::string_view::npos) return false;
    const std::uint64_t width = rest_[0] == 'U' ? 4 : 1;  // texts are UTF-32
    rest_.remove_prefix(1);
    const std::string_view size = take_while("0123456789");
    std::uint64_t count = 0;
    const auto parsed = std::from_chars(size.data(), size.data() + size.size(), count);
    if (!size.empty() && parsed.ec == std::errc{}) {
      bytes = base::checked_mul(count, width, "the npy type");
    }
    if (take("[")) {
      take_while("0123456789abcdefghijklmnopqrstuvwxyzDMWY");
      return take("]");
    }
    return true;
  }

  bool name() {
    if (!take("(")) return text();
    return text() && take(", ") && text() && take(")");
  }

  bool text() {
    if (!take("'")) return false;
    const std::size_t end = rest_.find('\'');
    if (end == std::string_view::npos ||
        rest_.substr(0, end).find('\\') != std::string_view::npos) {
      return false;
    }
    rest_.remove_prefix(end + 1);
    return true;
  }

  bool dimensions(std::vector<std::uint64_t>& shape) {
    while (!take(")")) {
      const std::string_view digits = take_while("0123456789");
      std::uint64_t length = 0;
      const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), length);
      if (digits.empty() || parsed.ec != std::errc{}) return false;
      shape.push_back(length);
      take("L");  // as Python 2 wrote it
      take(",");
      take(" ");
    }
    return true;
  }

  static bool is_padding(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\n'; });
  }

  std::string_view rest_;
  std::string type_text_;
  std::vector<std::uint64_t> shape_;
  std::optional<std::uint64_t> item_bytes_;
};

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
  if (length > longest_header) {
    throw Error(Errc::corrupt, fmt::format("the npy header has {} bytes, expected at most {}",
                                           length, longest_header));
  }
  if (header > bytes) throw truncated();
  Bytes text(length);
  source.read_at(offset + prefix_bytes + width, text);
  Literal literal(text_of(text));
  if (!literal.read()) return {.bytes = header, .holds_objects = true, .type = {}, .shape = {}};
  return {.bytes = header,
          .data_bytes = literal.data_bytes(),
          .type = literal.type_text(),
          .shape = literal.shape()};
}

}  // namespace brine::archive
