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
    } else if (!pending_.empty()) {
      used += buffered(rest);
    } else if (const std::size_t step_bytes = step(rest); step_bytes > 0) {
      used += step_bytes;
    } else if (state_ == State::reading) {
      pending_.assign(rest.begin(), rest.end());
      used = bytes.size();
    }
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

std::size_t TokenReader::step(ByteView bytes) {
  const Opcode& code = opcodes[std::to_integer<std::uint8_t>(bytes[0])];
  if (code.name.empty()) {
    fail(fmt::format("byte 0x{:02x} is no opcode", std::to_integer<unsigned>(bytes[0])), offset_);
    return 0;
  }
  const Extent extent = measure(code, bytes);
  return extent.header == 0 ? 0 : emit(code, extent, bytes);
}

TokenReader::Extent TokenReader::measure(const Opcode& code, ByteView bytes) {
  switch (code.argument) {
    case Argument::none: return {1, 0, 0};
    case Argument::fixed: return bytes.size() > code.width ? Extent{1, code.width, 0} : Extent{};
    case Argument::counted: return counted(code, bytes);
    case Argument::line:
    case Argument::two_lines: return lines(code, bytes);
  }
  return {};
}

TokenReader::Extent TokenReader::counted(const Opcode& code, ByteView bytes) {
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

TokenReader::Extent TokenReader::lines(const Opcode& code, ByteView bytes) {
  const int wanted = code.argument == Argument::two_lines ? 2 : 1;
  std::size_t from = 1;
  for (int i = 0; i < wanted; ++i) {
    const std::string_view rest = text_of(bytes.subspan(from));
    const std::size_t newline = rest.find('\n');
    if (std::min(newline, rest.size()) > limits_.max_line_bytes) {
      fail(fmt::format("max_line_bytes: the line of {} is over {}", code.name,
                       limits_.max_line_bytes), offset_);
      return {};
    }
    if (newline == std::string_view::npos) return {};
    from += newline + 1;
  }
  return {1, from - 2, 1};
}

// An opcode that reaches over the end of its frame is refused, though C unpicklers before 3.13.15
// took it: from bytes as one program, from a file as another one.
void TokenReader::cross_frame(const Token& token) {
  if (!heeds_frames_) return;
  if (frame_end_ != no_frame && token.end > frame_end_) {
    fail(fmt::format("{} reaches over the end of its frame", token.code->name), token.offset);
  } else if (token.code->op == Op::frame) {
    open_frame(token);
  } else if (token.end == frame_end_) {
    frame_end_ = no_frame;
  } else if (frame_end_ != no_frame) {
    sink_.on_frame_breach(token, FrameBreach::unfinished);
  }
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

std::size_t TokenReader::emit(const Opcode& code, const Extent& extent, ByteView bytes) {
  const bool held = extent.argument <= held_bytes || extent.tail > 0;
  const std::size_t used = extent.header + (held ? extent.argument : 0) + extent.tail;
  const Token token{
      .code = &code, .offset = offset_, .argument_offset = offset_ + extent.header,
      .argument_bytes = extent.argument, .held = held,
      .argument = held ? bytes.subspan(extent.header, extent.argument) : ByteView{},
      .end = offset_ + extent.header + extent.argument + extent.tail};
  if (++opcode_count_ > limits_.max_opcodes) {
    fail(fmt::format("max_opcodes: more than {} opcodes", limits_.max_opcodes), offset_);
    return 0;
  }
  if (token.end >= frame_end_ || code.op == Op::frame || code.op == Op::stop) {
    cross_frame(token);
    if (state_ != State::reading) return 0;
  }
  if (!sink_.on_token(token)) {
    fail(sink_.reason(), token.offset);
    return 0;
  }
  if (skip_ > largest_length - token.end) {
    fail(fmt::format("{} is followed by the absurd number of {} bytes", code.name, skip_),
         token.offset);
    return 0;
  }
  offset_ = token.end + skip_;
  if (!held) skip_ += extent.argument;
  if (code.op == Op::stop) stop(token);
  return used;
}

void TokenReader::skip(std::uint64_t bytes) { skip_ += bytes; }

void TokenReader::finish() {
  if (state_ != State::reading) return;
  fail(is_stopping_                                ? "it ends before the end of its frame"
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
