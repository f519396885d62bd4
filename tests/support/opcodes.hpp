// Pickle streams written opcode by opcode, well formed or not.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/arithmetic.hpp"
#include "brine/bytes.hpp"
#include "pickle/opcode.hpp"

namespace brine::test {

using pickle::Op;

/// Writes one opcode after another; converts to the bytes of the stream.
class Stream {
 public:
  Stream& op(Op op) { return raw(std::string(1, static_cast<char>(op))); }
  /// `width` bytes of `value`, least significant first, behind the opcode.
  Stream& op(Op code, std::uint64_t value, std::size_t width) {
    return op(code).number(value, width);
  }
  /// A counted argument, its length `width` bytes wide.
  Stream& op(Op code, std::string_view content, std::size_t width) {
    return op(code, content.size(), width).raw(content);
  }
  Stream& line(Op code, std::string_view content) { return op(code).raw(content).raw("\n"); }
  Stream& raw(std::string_view bytes) {
    text_ += bytes;
    return *this;
  }
  Stream& number(std::uint64_t value, std::size_t width) {
    std::array<std::byte, 8> bytes{};
    base::put_little_endian(bytes.data(), value, width);
    return raw(text_of(ByteView(bytes).first(width)));
  }

  Stream& proto(int version) { return op(Op::proto, static_cast<std::uint64_t>(version), 1); }
  Stream& frame(std::uint64_t length) { return op(Op::frame, length, 8); }
  Stream& frame(const Stream& content) { return frame(content.size()).raw(content.text_); }
  Stream& text(std::string_view content) { return op(Op::short_binunicode, content, 1); }
  Stream& long_text(std::string_view content) { return op(Op::binunicode, content, 4); }
  Stream& put(unsigned index) { return op(Op::binput, index, 1); }
  Stream& get(unsigned index) { return op(Op::binget, index, 1); }
  Stream& memo() { return op(Op::memoize); }
  Stream& dup() { return op(Op::dup); }
  Stream& mark() { return op(Op::mark); }
  Stream& one() { return op(Op::binint1, 1, 1); }
  Stream& global(std::string_view module, std::string_view name) {
    return line(Op::global, module).raw(name).raw("\n");
  }
  Stream& inst(std::string_view module, std::string_view name) {
    return mark().line(Op::inst, module).raw(name).raw("\n");
  }
  /// A symbol as protocol 4 writes it, each text in the memo.
  Stream& symbol(std::string_view module, std::string_view name) {
    return text(module).memo().text(name).memo().op(Op::stack_global).memo();
  }
  Stream& stack_global() { return op(Op::stack_global); }
  Stream& stop() { return op(Op::stop); }

  std::size_t size() const noexcept { return text_.size(); }
  const std::string& str() const noexcept { return text_; }
  ByteView bytes() const { return bytes_of(text_); }

 private:
  std::string text_;
};

}  // namespace brine::test
