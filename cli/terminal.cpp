#include "terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <limits>

namespace brine::cli {
namespace {

int descriptor_of(Stream stream) noexcept { return static_cast<int>(stream); }

std::string_view environment(const char* name) noexcept {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

// Bytes of the printable UTF-8 character at the front of `text`; 0: control, or no UTF-8.
std::size_t printable_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  std::uint32_t character = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    character = character << 6 | (byte(i) & 0x3fU);
  }
  // 0xa0: the two-byte forms below it are the C1 controls; the others are over-long.
  const std::uint32_t least = length == 2 ? 0xa0 : length == 3 ? 0x800 : 0x10000;
  const bool surrogate = character >= 0xd800 && character < 0xe000;
  // Marks that reorder the text around them can hide what a name is.
  const bool reorders =
      (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
  return character >= least && character <= 0x10ffff && !surrogate && !reorders ? length : 0;
}

}  // namespace

bool is_terminal(Stream stream) noexcept { return isatty(descriptor_of(stream)) == 1; }

bool can_redraw(Stream stream) noexcept {
  return is_terminal(stream) && environment("TERM") != "dumb";
}

unsigned width_of(Stream stream) noexcept {
  winsize size{};
  const bool known = ioctl(descriptor_of(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

unsigned room_of(Stream stream) noexcept {
  return is_terminal(stream) ? width_of(stream) : std::numeric_limits<unsigned>::max();
}

Ink Ink::of(Stream stream, const GlobalArguments& global) {
  if (global.no_color || !environment("NO_COLOR").empty()) return Ink(false);
  const std::string_view forced = environment("FORCE_COLOR");
  if (!forced.empty() && forced != "0") return Ink(true);
  return Ink(can_redraw(stream));
}

std::string Ink::paint(std::string_view code, std::string_view text) const {
  return on_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = printable_length(text);
    if (length > 0) {
      out += text.substr(0, length);
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    }
    text.remove_prefix(length > 0 ? length : 1);
  }
  return out;
}

}  // namespace brine::cli
