// Pickles written again in another protocol or as JSON, without executing or importing anything.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "brine/bytes.hpp"
#include "brine/limits.hpp"

namespace brine {

struct ConvertOptions {
  /// To write, 2 to 5. Protocols 0 and 1 are read too.
  int protocol = 5;
  /// What the payload is called in messages; empty: the path, or `payload`.
  std::string name;
};

/// What was converted.
struct ConvertReport {
  std::uint64_t pickles = 0;
  std::uint64_t opcodes = 0;        ///< that were read
  int protocol = 0;                 ///< the highest that the payload declares
  std::uint64_t payload_bytes = 0;  ///< that were read
  std::uint64_t written_bytes = 0;
};

/// Writes every pickle of `payload` to `out` in another protocol: Python loads equal objects from
/// it, with the same parts shared. One that is in the protocol already comes out byte for byte. The
/// result is in a temporary file until it was read again and has the same symbols, so that on throw
/// nothing was written.
/// Throws: usage (the protocol); unsupported where the protocol has no form for something (a set
/// that holds itself below 4, buffers out of band below 5), and for containers: zip, tar, joblib,
/// .npy, legacy files of torch, compressed ones; corrupt where there is no whole pickle; limit;
/// what `payload` and `out` throw. Memory: three times what Limits::max_memo_entries says; not of
/// buffers.
/// Thread-safety: any thread.
BRINE_API ConvertReport convert(const RandomSource& payload, Sink& out,
                                const ConvertOptions& options = {}, const Limits& limits = {});

/// The same from file to file; `output` appears whole or not at all, and may be `input`.
/// Throws also: not_found; environment where `output` is no regular file; usage inside a store.
BRINE_API ConvertReport convert_file(const std::filesystem::path& input,
                                     const std::filesystem::path& output,
                                     ConvertOptions options = {}, const Limits& limits = {});

/// The same from a file to `out`.
BRINE_API ConvertReport convert_file(const std::filesystem::path& input, Sink& out,
                                     ConvertOptions options = {}, const Limits& limits = {});

/// Writes the object graph of each pickle of `payload` to `out` as one line of JSON, in ASCII; of a
/// zip or legacy file of torch that of its object, and joblib's files are read past their arrays.
/// docs/cli.md has the form. Returns the number of lines. `name`: what the payload is called in
/// messages; empty: `payload`.
/// Throws: unsupported for other formats, for names that are computed and where there is no whole
/// pickle; corrupt; limit, among them max_json_bytes; what `payload` and `out` throw. On throw,
/// `out` may have got a part. Memory: see Limits::max_nodes. Thread-safety: any thread.
BRINE_API std::uint64_t write_json(const RandomSource& payload, Sink& out,
                                   const std::string& name = {}, const Limits& limits = {});

/// The same for a file. Throws also: not_found.
BRINE_API std::uint64_t write_json_file(const std::filesystem::path& path, Sink& out,
                                        const std::string& name = {}, const Limits& limits = {});

}  // namespace brine
