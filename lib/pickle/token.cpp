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

TokenReader::TokenReader(TokenSink& sink, std::uint64_t base, const Limits& limits)
    : sink_(sink), limits_(limits), offset_(base) {}

std::size_t TokenReader::feed(ByteView bytes) {
  std::size_t used = 0;
  while (state_ == State::reading && used < bytes.size()) {
    const ByteView rest = bytes.subspan(used);
    if (skip_ > 0) {
      const std::uint64_t passed = std::min<std::uint64_t>(skip_, rest.size());
      skip_ -= passed;
      used += passed;
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
  switch (code.argument) {
    case Argument::none: return emit(code, 1, 0, 0, bytes);
    case Argument::fixed: return fixed(code, bytes);
    case Argument::counted: return counted(code, bytes);
    case Argument::line:
    case Argument::two_lines: return lines(code, bytes);
  }
  return 0;
}

std::size_t TokenReader::fixed(const Opcode& code, ByteView bytes) {
  if (bytes.size() < 1U + code.width) return 0;
  return emit(code, 1, code.width, 0, bytes);
}

std::size_t TokenReader::counted(const Opcode& code, ByteView bytes) {
  const std::size_t header = 1U + code.width;
  if (bytes.size() < header) return 0;
  const std::uint64_t length = base::little_endian(bytes.data() + 1, code.width);
  if (is_signed_length(code.op) && length > 0x7fffffff) {
    fail(fmt::format("{} has a negative length", code.name), offset_);
    return 0;
  }
  if (length > largest_length - offset_ - header) {
    fail(fmt::format("{} has the absurd length {}", code.name, length), offset_);
    return 0;
  }
  if (length > held_bytes) {
    const std::size_t used = emit(code, header, length, 0, bytes);
    if (used > 0) skip_ += length;
    return used;
  }
  return bytes.size() < header + length ? 0 : emit(code, header, length, 0, bytes);
}

std::size_t TokenReader::lines(const Opcode& code, ByteView bytes) {
  const int wanted = code.argument == Argument::two_lines ? 2 : 1;
  std::size_t from = 1;
  for (int i = 0; i < wanted; ++i) {
    const std::string_view rest = text_of(bytes.subspan(from));
    const std::size_t newline = rest.find('\n');
    if (std::min(newline, rest.size()) > limits_.max_line_bytes) {
      fail(fmt::format("max_line_bytes: the line of {} is over {}", code.name,
                       limits_.max_line_bytes), offset_);
      return 0;
    }
    if (newline == std::string_view::npos) return 0;
    from += newline + 1;
  }
  return emit(code, 1, from - 2, 1, bytes);
}

// Since 3.13.15 the C unpickler holds opcodes to their frame; before, two readers could see
// different programs in one file. A STOP inside a frame leaves open where the next pickle begins,
// and whether the frame is there at all, which the C unpickler asks.
bool TokenReader::frame_allows(const Opcode& code, std::uint64_t end) {
  if (frame_end_ == 0) return true;
  if (code.op == Op::frame) {
    fail("a frame begins inside another", offset_);
  } else if (end > frame_end_) {
    fail(fmt::format("{} reaches over the end of its frame", code.name), offset_);
  } else if (end == frame_end_) {
    frame_end_ = 0;
  } else if (code.op == Op::stop) {
    fail("STOP comes before the end of its frame", offset_);
  }
  return state_ == State::reading;
}

std::size_t TokenReader::emit(const Opcode& code, std::size_t header, std::uint64_t argument,
                              std::size_t tail, ByteView bytes) {
  Token token{.code = &code, .offset = offset_, .argument_offset = offset_ + header,
              .argument_bytes = argument, .held = argument <= held_bytes || tail > 0,
              .argument = {}, .end = offset_ + header + argument + tail};
  if (token.held) token.argument = bytes.subspan(header, argument);
  if (++opcode_count_ > limits_.max_opcodes) {
    fail(fmt::format("max_opcodes: more than {} opcodes", limits_.max_opcodes), offset_);
    return 0;
  }
  if (!frame_allows(code, token.end)) return 0;
  if (code.op == Op::frame) {
    const std::uint64_t length = base::little_endian(token.argument.data(), 8);
    if (length > largest_length - token.end) {
      fail(fmt::format("FRAME has the absurd length {}", length), offset_);
      return 0;
    }
    frame_end_ = length == 0 ? 0 : token.end + length;
  }
  if (std::string why = sink_.on_token(token); !why.empty()) {
    fail(std::move(why), token.offset);
    return 0;
  }
  if (skip_ > largest_length - token.end) {
    fail(fmt::format("{} is followed by the absurd number of {} bytes", code.name, skip_),
         token.offset);
    return 0;
  }
  offset_ = token.end + skip_;
  if (code.op == Op::stop) state_ = State::stopped;
  return header + (token.held ? argument : 0) + tail;
}

void TokenReader::skip(std::uint64_t bytes) { skip_ += bytes; }

void TokenReader::finish() {
  if (state_ != State::reading) return;
  fail(opcode_count_ == 0 && pending_.empty() ? "it is empty" : "it ends before its STOP",
       offset_ - skip_);
}

void TokenReader::fail(std::string reason, std::uint64_t offset) {
  state_ = State::failed;
  reason_ = std::move(reason);
  offset_ = offset;
}

}  // namespace brine::pickle
