#include "pickle/frames.hpp"

#include <array>

#include "base/arithmetic.hpp"

namespace brine::pickle {
namespace {

constexpr std::size_t header_bytes = 9;
// A frame of less is not worth its header.
constexpr std::size_t smallest_frame_bytes = 4;

std::string header(Op op, std::uint64_t number, std::size_t width) {
  std::array<std::byte, header_bytes> bytes{static_cast<std::byte>(op)};
  base::put_little_endian(bytes.data() + 1, number, width);
  return std::string(text_of(ByteView(bytes).first(1 + width)));
}

}  // namespace

FrameWriter::FrameWriter(Sink& sink, int protocol) : sink_(sink) {
  op(Op::proto, static_cast<std::uint64_t>(protocol), 1);
  is_framing_ = protocol >= 4;
}

void FrameWriter::boundary() {
  const std::size_t begin = frame_ ? *frame_ + header_bytes : 0;
  if (held_.size() - begin < frame_bytes) return;
  end_frame();
  flush();
}

void FrameWriter::op(Op op, std::uint64_t number, std::size_t width) {
  put(header(op, number, width));
}

void FrameWriter::put(std::string_view bytes) {
  if (is_framing_ && !frame_) {
    frame_ = held_.size();
    held_.append(header_bytes, '\0');
  }
  held_ += bytes;
}

void FrameWriter::counted(Op op, ByteView content, std::size_t width) {
  if (content.size() < frame_bytes) {
    put(header(op, content.size(), width));
    put(text_of(content));
    return;
  }
  counted_beside(op, content.size(), width).write(content);
}

Sink& FrameWriter::counted_beside(Op op, std::uint64_t bytes, std::size_t width) {
  end_frame();
  held_ += header(op, bytes, width);
  flush();
  return sink_;
}

void FrameWriter::end_frame() {
  if (!frame_) return;
  const std::size_t bytes = held_.size() - *frame_ - header_bytes;
  const bool is_worth_it = bytes >= smallest_frame_bytes;
  held_.replace(*frame_, header_bytes, is_worth_it ? header(Op::frame, bytes, 8) : "");
  frame_.reset();
}

void FrameWriter::flush() {
  sink_.write(bytes_of(held_));
  held_.clear();
}

void FrameWriter::finish() {
  end_frame();
  flush();
}

}  // namespace brine::pickle
