// What a graph knows by its place only, read from the payload.
#pragma once

#include <optional>
#include <string>

#include "brine/bytes.hpp"
#include "pickle/graph.hpp"

namespace brine::pickle {

/// Lifetime: borrows the payload that the graph is of. Not thread-safe. Throws: what it throws.
class NodeReader {
 public:
  /// Of integers that are read as decimal numbers: a longer one takes too long.
  static constexpr std::uint64_t most_decimal_bytes = 2000;

  explicit NodeReader(const RandomSource& payload) : payload_(payload) {}

  /// The argument of the opcode, all of it.
  Bytes bytes(const Node& node);
  bool boolean(const Node& node);
  double real(const Node& node);
  /// Of a number in a line of text that not every reader takes for the same: that line.
  std::optional<std::string> disputed_line(const Node& node);
  /// Requires: at most most_decimal_bytes bytes, and that nobody disputes it.
  std::string decimal(const Node& node);

 private:
  const RandomSource& payload_;
  // What is asked for comes mostly in order and close together.
  Bytes window_;
  std::uint64_t window_at_ = 0;
};

}  // namespace brine::pickle
