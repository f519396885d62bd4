// Collects text in front of a sink, so that a line of a listing costs no call.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "brine/bytes.hpp"

namespace brine::pickle {

/// Lifetime: borrows the sink. What was put and not flushed is lost with the buffer.
class TextBuffer {
 public:
  explicit TextBuffer(Sink& sink) : sink_(sink), buffer_(capacity) {}

  void put(std::string_view text) {
    while (text.size() > room()) {
      const std::string_view front = text.substr(0, room());
      append(front);
      text.remove_prefix(front.size());
      flush();
    }
    append(text);
  }

  void put(char c) {
    if (room() == 0) flush();
    buffer_[used_++] = static_cast<std::byte>(c);
  }

  void put_blanks(std::uint64_t count) {
    while (count > 0) {
      if (room() == 0) flush();
      const std::size_t front = std::min<std::uint64_t>(count, room());
      std::memset(buffer_.data() + used_, ' ', front);
      used_ += front;
      count -= front;
    }
  }

  /// Returns room for `bytes`, at most most_reserved; advance() says how many were written.
  char* reserve(std::size_t bytes) {
    if (room() < bytes) flush();
    return reinterpret_cast<char*>(buffer_.data()) + used_;
  }
  void advance(std::size_t bytes) noexcept { used_ += bytes; }
  static constexpr std::size_t most_reserved = 1U << 12;

  template <typename Integer>
  void put_number(Integer value) {
    char* const begin = reserve(longest_number);
    advance(
        static_cast<std::size_t>(std::to_chars(begin, begin + longest_number, value).ptr - begin));
  }

  void flush() {
    sink_.write(ByteView(buffer_).first(used_));
    used_ = 0;
  }

 private:
  static constexpr std::size_t capacity = 1U << 18;
  static constexpr std::size_t longest_number = 20;  // of a 64-bit integer

  std::size_t room() const noexcept { return buffer_.size() - used_; }
  void append(std::string_view text) noexcept {
    if (!text.empty()) std::memcpy(buffer_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }

  Sink& sink_;
  Bytes buffer_;
  std::size_t used_ = 0;
};

}  // namespace brine::pickle
