// Listings of pickles, opcode by opcode, as pickletools of Python 3.11 prints them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "brine/bytes.hpp"
#include "brine/limits.hpp"

namespace brine {

struct DisassembleOptions {
  /// Every pickle of the payload, and of a zip or .npy its pickles, each below a header line; else
  /// the first pickle of a payload that begins with one.
  bool all = false;
  /// What the payload is called in header lines and messages; empty: the path, or `payload`.
  std::string name;
};

/// What was listed.
struct DisassembleReport {
  std::uint64_t pickles = 0;
  std::uint64_t opcodes = 0;
  int protocol = 0;       ///< the highest that an opcode is of
  std::uint64_t end = 0;  ///< where the last pickle ends: of a member, in the member
};

/// Writes the listing of `payload` to `out`, looking through one layer of gzip, bzip2, xz or zstd.
/// Offsets are those of the payload, or of the member of a container; nothing is executed.
/// Throws: corrupt where pickletools would fail, once all that it would print is written, and where
/// there is no pickle; limit likewise; what `payload` and `out` throw. Memory: bounded by `limits`,
/// not by the arguments; what is compressed is decoded into a temporary file first.
/// Thread-safety: any thread.
BRINE_API DisassembleReport disassemble(const RandomSource& payload, Sink& out,
                                        const DisassembleOptions& options = {},
                                        const Limits& limits = {});

/// The same for a file. Throws also: not_found, environment.
BRINE_API DisassembleReport disassemble_file(const std::filesystem::path& path, Sink& out,
                                             DisassembleOptions options = {},
                                             const Limits& limits = {});

}  // namespace brine
