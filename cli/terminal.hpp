// What the standard streams are connected to, and colours for those that show them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "arguments.hpp"

namespace brine::cli {

/// The values are the descriptors.
enum class Stream : std::uint8_t { input = 0, output = 1, error = 2 };

bool is_terminal(Stream stream) noexcept;

/// Says whether the cursor of `stream` can be sent back to redraw a line.
bool can_redraw(Stream stream) noexcept;

/// Returns the columns of `stream`, 80 where it is no terminal that says.
unsigned width_of(Stream stream) noexcept;

/// Returns how many columns a table may take: those of a terminal, and any number elsewhere.
unsigned room_of(Stream stream) noexcept;

/// Puts colours around text, or leaves it alone.
class Ink {
 public:
  /// --no-color and a non-empty NO_COLOR switch off, then a FORCE_COLOR that is not 0 switches on;
  /// otherwise the stream must be a terminal, and TERM not `dumb`.
  static Ink of(Stream stream, const GlobalArguments& global);

  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string dim(std::string_view text) const { return paint("2", text); }
  std::string red(std::string_view text) const { return paint("31", text); }
  std::string green(std::string_view text) const { return paint("32", text); }
  std::string yellow(std::string_view text) const { return paint("33", text); }

 private:
  explicit Ink(bool on) noexcept : on_(on) {}
  std::string paint(std::string_view code, std::string_view text) const;
  bool on_;
};

/// Writes control bytes and broken UTF-8 as `\xNN`: what comes from a file must not drive the
/// terminal that shows it.
std::string escaped(std::string_view text);

}  // namespace brine::cli
