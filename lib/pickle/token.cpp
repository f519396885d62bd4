#include "pickle/token.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/arithmetic.hpp"

namespace brine::pickle {
namespace {

// What a length may not exceed: CPython's Py_ssize_t.
constexpr std::uint64_t largest_length = (1ULL << 63) - 1;

bool is_signed_length(Op op) { return op == Op::binstring || op == Op::long4; }

}  // namespace

TokenSink::~TokenSink() = default;

bool TokenSink::fail(std::string reason) {
  reason_ = std::move(reason);
  return false;
}

TokenReader::TokenReader(TokenSink& sink, std::uint64_t base, const Limits& limits)
    : sink_(sink), limits_(limits), offset_(base) {}

inline TokenReader::Extent TokenReader::counted(const Opcode& code, ByteView bytes) {
  const std::size_t header = 1U + code.width;
  if (bytes.size() < header) return {};
  const std::uint64_t length = base::little_endian(bytes.data() + 1, code.width);
  if (is_signed_length(code.op) && length > 0x7fffffff) {
    fail(fmt::format("{} has a negative length", code.name), offset_);
  } else if (length > largest_length - offset_ - header) {
    fail(fmt::format("{} has the absurd length {}", code.name, length), offset_);
  } else if (length > held_bytes || bytes.size() >= header + length) {
    return {header, length, 0};
  }
  return {};
}

inline TokenReader::Extent TokenReader::lines(const Opcode& code, ByteView bytes) {
  std::size_t end = line_end(code, bytes, 1);
  if (end > 0 && code.argument == Argument::two_lines) end = line_end(code, bytes, end + 1);
  return end > 0 ? Extent{1, end - 1, 1} : Extent{};
}

// Returns where the newline is, 0 where it is not there.
inline std::size_t TokenReader::line_end(const Opcode& code, ByteView bytes, std::size_t from) {
  const std::string_view rest = text_of(bytes.subspan(from));
  const std::size_t newline = rest.find('\n');
  if (std::min(newline, rest.size()) > limits_.max_line_bytes) {
    fail(
        fmt::format("max_line_bytes: the line of {} is over {}", code.name, limits_.max_line_bytes),
        offset_);
    return 0;
  }
  return newline == std::string_view::npos ? 0 : from + newline;
}

template <TokenReader::Crosses crosses>
[[gnu::always_inline]] inline bool TokenReader::hand_over(const Token& token) {
  if (++opcode_count_ > limits_.max_opcodes) {
    fail(fmt::format("max_opcodes: more than {} opcodes", limits_.max_opcodes), offset_);
    return false;
  }
  const Op op = token.code->op;
  const bool is_special = crosses == Crosses::perhaps && (op == Op::frame || op == Op::stop);
  if ((is_special || token.end >= frame_end_) && !cross_frame(token)) return false;
  if (!sink_.on_token(token)) {
    fail(sink_.reason(), token.offset);
    return false;
  }
  if (is_diverted_) return divert(token);
  offset_ = token.end;
  return true;
}

[[gnu::always_inline]] inline std::size_t TokenReader::step(ByteView bytes) {
  const auto byte = std::to_integer<std::uint8_t>(bytes[0]);
  const std::size_t used = plain_bytes[byte];
  if (used == 0) return other_step(opcodes[byte], bytes);
  if (bytes.size() < used) return 0;
  const Token token{.code = &opcodes[byte],
                    .offset = offset_,
                    .argument_offset = offset_ + 1,
                    .argument_bytes = used - 1,
                    .held = true,
                    .argument = bytes.subspan(1, used - 1),
                    .end = offset_ + used};
  return hand_over<Crosses::at_its_end>(token) ? used : 0;
}

std::size_t TokenReader::other_step(const Opcode& code, ByteView bytes) {
  if (code.name.empty()) return no_opcode(bytes[0]);
  const Extent extent = measure(code, bytes);
  if (extent.header == 0) return 0;
  const bool held = extent.argument <= held_bytes || extent.tail > 0;
  const Token token{.code = &code,
                    .offset = offset_,
                    .argument_offset = offset_ + extent.header,
                    .argument_bytes = extent.argument,
                    .held = held,
                    .argument = held ? bytes.subspan(extent.header, extent.argument) : ByteView{},
                    .end = offset_ + extent.header + extent.argument + extent.tail};
  if (!held || code.op == Op::stop) is_diverted_ = true;
  return hand_over<Crosses::perhaps>(token) ? extent.header + token.argument.size() + extent.tail
                                            : 0;
}

inline TokenReader::Extent TokenReader::measure(const Opcode& code, ByteView bytes) {
  switch (code.argument) {
    case Argument::none:
      return {1, 0, 0};
    case Argument::fixed:
      return bytes.size() > code.width ? Extent{1, code.width, 0} : Extent{};
    case Argument::counted:
      return counted(code, bytes);
    case Argument::line:
    case Argument::two_lines:
      return lines(code, bytes);
  }
  return {};
}

std::size_t TokenReader::no_opcode(std::byte byte) {
  fail(fmt::format("byte 0x{:02x} is no opcode", std::to_integer<unsigned>(byte)), offset_);
  return 0;
}

std::size_t TokenReader::feed(ByteView bytes) {
  std::size_t used = 0;
  while (state_ == State::reading && !is_paused_ && used < bytes.size()) {
    const ByteView rest = bytes.subspan(used);
    if (skip_ > 0) {
      const std::uint64_t passed = std::min<std::uint64_t>(skip_, rest.size());
      skip_ -= passed;
      used += passed;
      if (is_stopping_ && skip_ == 0) state_ = State::stopped;
    } else if (behind_padding_) {
      skip_ = std::to_integer<std::uint64_t>(rest[0]) + *std::exchange(behind_padding_, {});
      offset_ += 1 + skip_;
      used += 1;
    } else {
      used += pending_.empty() ? read_on(rest) : buffered(rest);
    }
  }
  return used;
}

// Opcodes whose length their byte tells, for as long as one follows the other and none of them ends
// a frame. What is counted stays in registers: through memory, each would wait for the one before.
std::size_t TokenReader::plain_run(ByteView bytes) {
  std::size_t used = 0;
  std::uint64_t offset = offset_;
  std::uint64_t count = opcode_count_;
  while (used < bytes.size()) {
    const auto byte = std::to_integer<std::uint8_t>(bytes[used]);
    const std::size_t length = plain_bytes[byte];
    if (length == 0 || bytes.size() - used < length) break;
    const Token token{.code = &opcodes[byte],
                      .offset = offset,
                      .argument_offset = offset + 1,
                      .argument_bytes = length - 1,
                      .held = true,
                      .argument = bytes.subspan(used + 1, length - 1),
                      .end = offset + length};
    if (token.end >= frame_end_ || count >= limits_.max_opcodes) break;
    opcode_count_ = ++count;
    if (!sink_.on_token(token)) {
      fail(sink_.reason(), offset);
      break;
    }
    used += length;
    if (is_diverted_) return divert(token) ? used : used - length;
    offset += length;
    offset_ = offset;
  }
  return used;
}

// Reads whole opcodes for as long as one follows the other, and keeps the front of the last.
std::size_t TokenReader::read_on(ByteView bytes) {
  is_diverted_ = false;
  std::size_t used = 0;
  while (!is_diverted_ && used < bytes.size()) {
    used += plain_run(bytes.subspan(used));
    if (is_diverted_ || state_ != State::reading || used == bytes.size()) break;
    const ByteView rest = bytes.subspan(used);
    const std::size_t step_bytes = step(rest);
    if (step_bytes == 0) {
      if (state_ != State::reading) return used;
      pending_.assign(rest.begin(), rest.end());
      return bytes.size();
    }
    used += step_bytes;
  }
  return used;
}

// Completes an opcode that began in an earlier piece. Grows what is pending by doubling, so that
// a long argument costs no more than twice its size in copies.
std::size_t TokenReader::buffered(ByteView bytes) {
  const std::size_t before = pending_.size();
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const std::size_t more =
        std::min(bytes.size() - taken, std::max<std::size_t>(pending_.size(), 64));
    const ByteView piece = bytes.subspan(taken, more);
    pending_.insert(pending_.end(), piece.begin(), piece.end());
    taken += more;
    Bytes whole = std::move(pending_);
    pending_.clear();
    const std::size_t used = step(whole);
    if (used > 0 || state_ != State::reading) return used > before ? used - before : 0;
    pending_ = std::move(whole);
  }
  return taken;
}

// An opcode that reaches over the end of its frame is refused, though C unpicklers before 3.13.15
// took it: from bytes as one program, from a file as another one.
bool TokenReader::cross_frame(const Token& token) {
  if (!heeds_frames_) return true;
  if (frame_end_ != no_frame && token.end > frame_end_) {
    fail(fmt::format("{} reaches over the end of its frame", token.code->name), token.offset);
  } else if (token.code->op == Op::frame) {
    open_frame(token);
  } else if (token.end == frame_end_) {
    frame_end_ = no_frame;
  } else if (frame_end_ != no_frame) {
    sink_.on_frame_breach(token, FrameBreach::unfinished);
  }
  return state_ == State::reading;
}

// The outer one of two frames holds on.
void TokenReader::open_frame(const Token& token) {
  const std::uint64_t length = base::little_endian(token.argument.data(), 8);
  const bool is_nested = frame_end_ != no_frame;
  if (token.end == frame_end_) frame_end_ = no_frame;
  if (length > largest_length - token.end) {
    fail(fmt::format("FRAME has the absurd length {}", length), token.offset);
  } else if (frame_end_ != no_frame && token.end + length > frame_end_) {
    fail("a frame begins inside another and reaches over its end", token.offset);
  } else if (frame_end_ == no_frame && length > 0) {
    frame_end_ = token.end + length;
  }
  if (is_nested) sink_.on_frame_breach(token, FrameBreach::nested);
}

// The C unpickler reads a frame before what is in it: it has to be there.
void TokenReader::stop(const Token& token) {
  if (frame_end_ == no_frame) {
    state_ = State::stopped;
  } else {
    skip_ = frame_end_ - token.end;
    offset_ = frame_end_;
    is_stopping_ = true;
  }
}

// Behind this token comes something else than the next: a skip, a pause or the end.
bool TokenReader::divert(const Token& token) {
  is_diverted_ = true;
  if (skip_ > largest_length - token.end) {
    fail(fmt::format("{} is followed by the absurd number of {} bytes", token.code->name, skip_),
         token.offset);
    return false;
  }
  offset_ = token.end + skip_;
  if (!token.held) skip_ += token.argument_bytes;
  if (token.code->op == Op::stop) stop(token);
  return true;
}

void TokenReader::finish() {
  if (state_ != State::reading) return;
  fail(is_stopping_                             ? "it ends before the end of its frame"
       : opcode_count_ == 0 && pending_.empty() ? "it is empty"
                                                : "it ends before its STOP",
       offset_ - skip_);
}

void TokenReader::fail(std::string reason, std::uint64_t offset) {
  state_ = State::failed;
  reason_ = std::move(reason);
  offset_ = offset;
}

}  // namespace brine::pickle
