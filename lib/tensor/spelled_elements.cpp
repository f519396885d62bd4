#include "tensor/spelled_elements.hpp"

#include <algorithm>
#include <string>

#include "pickle/spelled.hpp"
#include "tensor/leaves.hpp"

namespace brine::tensor {
namespace {

using pickle::Op;

constexpr std::size_t piece_bytes = 1U << 20;

std::string content_of(const RandomSource& payload, std::uint64_t offset, std::uint64_t bytes) {
  std::string content(static_cast<std::size_t>(bytes), '\0');
  payload.read_at(offset, std::as_writable_bytes(std::span(content)));
  return content;
}

// Lines have a limit of their own, so that one can be held.
bool use_line(const std::string& content, bool is_escaped_string, const UseElements& use) {
  if (is_escaped_string) {
    use(bytes_of(pickle::unescape_string(std::string_view(content).substr(1, content.size() - 2))));
    return true;
  }
  const auto bytes = to_latin1(pickle::unescape_unicode(content));
  if (bytes) use(bytes_of(*bytes));
  return bytes.has_value();
}

}  // namespace

bool each_spelled(const RandomSource& payload, const pickle::Node& text, const UseElements& use) {
  if (text.op == Op::string || text.op == Op::unicode) {
    return use_line(content_of(payload, text.offset, text.bytes), text.op == Op::string, use);
  }
  for (std::uint64_t done = 0; done < text.bytes;) {
    std::string piece = content_of(payload, text.offset + done,
                                   std::min<std::uint64_t>(piece_bytes, text.bytes - done));
    // A character may go on in the next piece.
    const bool is_last = done + piece.size() == text.bytes;
    const bool is_cut = (static_cast<unsigned char>(piece.back()) & 0xc0) == 0xc0;
    if (is_cut && !is_last) piece.pop_back();
    const auto bytes = to_latin1(piece);
    if (!bytes) return false;
    use(bytes_of(*bytes));
    done += piece.size();
  }
  return true;
}

}  // namespace brine::tensor
