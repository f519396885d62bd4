#include "pickle/node_reader.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

#include "base/arithmetic.hpp"
#include "pickle/numeral.hpp"
#include "pickle/python_literal.hpp"

namespace brine::pickle {
namespace {

constexpr std::size_t window_bytes = 64U << 10;

}  // namespace

Bytes NodeReader::bytes(const Node& node) {
  const auto length = static_cast<std::size_t>(node.bytes);
  const bool is_near = node.offset >= window_at_ && node.offset - window_at_ <= window_.size() &&
                       window_.size() - (node.offset - window_at_) >= length;
  if (!is_near) {
    const std::uint64_t rest = payload_.size() - std::min(payload_.size(), node.offset);
    window_.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(rest, std::max(window_bytes, length))));
    window_at_ = node.offset;
    payload_.read_at(window_at_, window_);
  }
  const auto begin = window_.begin() + static_cast<std::ptrdiff_t>(node.offset - window_at_);
  return Bytes(begin, begin + static_cast<std::ptrdiff_t>(length));
}

bool NodeReader::boolean(const Node& node) {
  return node.op == Op::newtrue || (node.op == Op::int_ && text_of(bytes(node)) == "01");
}

double NodeReader::real(const Node& node) {
  Bytes content = bytes(node);
  if (node.op != Op::float_) {
    std::reverse(content.begin(), content.end());
    return std::bit_cast<double>(base::little_endian(content.data(), content.size()));
  }
  const std::string_view text = text_of(content);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<std::string> NodeReader::disputed_line(const Node& node) {
  const bool is_line = node.op == Op::int_ || node.op == Op::long_ || node.op == Op::float_;
  if (!is_line || node.bytes > most_decimal_bytes) return std::nullopt;
  const Bytes line = bytes(node);
  if (spelling_of(node.op, text_of(line)) == Spelling::plain) return std::nullopt;
  return std::string(text_of(line));
}

std::string NodeReader::decimal(const Node& node) {
  const Bytes content = bytes(node);
  if (node.op == Op::long1 || node.op == Op::long4) return decimal_digits(content);
  std::string_view digits = text_of(content);
  if (digits.ends_with('L')) digits.remove_suffix(1);
  return std::string(digits);
}

}  // namespace brine::pickle
