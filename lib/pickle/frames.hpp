// Writes the bytes of a pickle as CPython's pickler cuts them: frames of about 64 KiB from protocol
// 4 on, and large buffers between frames, straight from where they are.
// Source: PEP 3154, and Modules/_pickle.c (3.11) for where a frame ends; facts only.
#pragma once

#include <optional>
#include <string>

#include "brine/bytes.hpp"
#include "pickle/opcode.hpp"

namespace brine::pickle {

class FrameWriter {
 public:
  /// A frame that has as much is ended, and a buffer of as much stands outside of frames.
  static constexpr std::size_t frame_bytes = 64U << 10;

  /// Writes PROTO. Lifetime: borrows `sink`.
  FrameWriter(Sink& sink, int protocol);

  /// To be called before each value: frames end between values only.
  void boundary();
  void op(Op op) { put(std::string_view(reinterpret_cast<const char*>(&op), 1)); }
  /// An opcode and `width` bytes of `number`, least significant first.
  void op(Op op, std::uint64_t number, std::size_t width);
  void put(std::string_view bytes);
  /// A counted argument behind its opcode and a length of `width` bytes.
  void counted(Op op, ByteView content, std::size_t width);
  /// Opcode and length of content that the caller writes to the sink that is returned: it stands
  /// outside of frames, as large content does.
  Sink& counted_beside(Op op, std::uint64_t bytes, std::size_t width);
  /// Writes what is held back. Nothing may follow.
  void finish();

 private:
  void end_frame();
  void flush();

  Sink& sink_;
  bool is_framing_ = false;
  std::string held_;
  std::optional<std::size_t> frame_;  // where in held_ it begins
};

}  // namespace brine::pickle
