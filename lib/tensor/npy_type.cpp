#include "tensor/npy_type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "tensor/element_type.hpp"

namespace brine::tensor {
namespace {

// type   = "'" code "'" | "[" *( "(" name ", " type [ ", (" extents ")" ] ")" [", "] ) "]"
// name   = "'" text "'" | "('" title "', '" text "')"
class NpyType {
 public:
  explicit NpyType(std::string_view text) : rest_(text) {}

  std::optional<ElementType> read() {
    auto type = row();
    return rest_.empty() ? type : std::nullopt;
  }

 private:
  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  std::string_view quoted() {
    if (!take("'")) return {};
    const std::string_view text = rest_.substr(0, rest_.find('\''));
    rest_.remove_prefix(std::min(text.size() + 1, rest_.size()));
    return text;
  }

  std::string_view name() {
    if (!take("(")) return quoted();
    quoted();
    if (!take(", ")) return {};
    const std::string_view name = quoted();
    take(")");
    return name;
  }

  // Requires: an archive read it, and so bounded how deep it is.
  std::optional<ElementType> row() {
    if (!take("[")) return std::nullopt;
    RowSpeller speller;
    std::uint64_t bytes = 0;
    while (take("(")) {
      const std::string_view field = name();
      if (!take(", ")) return std::nullopt;
      const bool is_row = rest_.starts_with('[');
      auto type = is_row ? row() : read_type_code(quoted());
      if (!type || !take_extents(*type) || !take(")")) return std::nullopt;
      if (__builtin_add_overflow(bytes, type->bytes, &bytes)) return std::nullopt;
      take(", ");
      // What aligns the next field has no name; it is none in the dtype of the array.
      const bool is_padding = field.empty() && !is_row && type->name.starts_with('V');
      if (!is_padding) speller.add(field, type->name);
    }
    if (!take("]")) return std::nullopt;
    return ElementType{speller.spelled().value_or(fmt::format("V{}", bytes)), bytes};
  }

  bool take_extents(ElementType& type) {
    if (!take(", (")) return true;
    std::string extents;
    while (!take(")")) {
      std::uint64_t extent = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc{}) return false;
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      take(",");
      take(" ");
      if (__builtin_mul_overflow(type.bytes, extent, &type.bytes)) return false;
      extents += fmt::format("{}{}", extents.empty() ? "" : "x", extent);
    }
    type.name += fmt::format("[{}]", extents);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::string spelled_npy_type(std::string_view type) {
  const auto read = type.starts_with('[') ? NpyType(type).read() : read_type_code(type);
  return read ? read->name : std::string(type);
}

}  // namespace brine::tensor
