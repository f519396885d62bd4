// What a checkpoint file holds, found out without executing any of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "brine/bytes.hpp"
#include "brine/limits.hpp"

namespace brine {

/// A name that a pickle imports.
struct Symbol {
  std::string module;
  std::string name;  ///< qualified: may hold dots
  friend auto operator<=>(const Symbol&, const Symbol&) = default;
  friend bool operator==(const Symbol&, const Symbol&) = default;
};

/// A symbol and how often the payload pushes it.
struct SymbolCount {
  Symbol symbol;
  std::uint64_t count = 0;
  friend bool operator==(const SymbolCount&, const SymbolCount&) = default;
};

/// Persistent: the names appear in manifests.
enum class Verdict : std::uint8_t {
  safe = 0,       ///< every symbol is on an allow-list, for what is done with it
  unknown = 1,    ///< some symbol is not, or no pickle was found
  dangerous = 2,  ///< a symbol that runs code, or a stream that brine had to give up on
};

/// One observation about a payload.
struct Finding {
  Verdict verdict = Verdict::unknown;  ///< what this observation alone amounts to
  std::uint64_t offset = 0;            ///< in the payload, of the opcode it is about
  std::string reason;                  ///< one sentence
  /// To be trusted by a caller who vouches for it; nothing where no trust lifts the finding, and in
  /// what manifests keep.
  std::optional<Symbol> symbol = {};
  friend bool operator==(const Finding&, const Finding&) = default;
};

/// What a payload is and what it would do. Values, never an exception: a file that cannot be read
/// as what it claims to be has findings, not an error.
struct ScanReport {
  std::string format;  ///< `pickle`, `torch-zip`, `joblib`, `npy`, `zip`, `tar`, ... or `unknown`
  int protocol = 0;    ///< highest protocol declared, 0 where none is
  std::uint64_t payload_bytes = 0;
  std::uint64_t pickles = 0;  ///< found in the payload
  std::uint64_t opcodes = 0;
  bool complete = false;  ///< every pickle was read to its STOP
  Verdict verdict = Verdict::unknown;
  std::vector<SymbolCount> symbols;  ///< sorted
  std::vector<Finding> findings;     ///< by offset; at most 1,000, then a count
};

BRINE_API std::string_view to_string(Verdict verdict) noexcept;

/// What a scan takes for granted.
struct ScanOptions {
  /// Symbols or whole modules that count as allowed: `package.module:Name`, `package.module`.
  std::vector<std::string> trusted = {};
  /// What codes of EXT opcodes stand for in the process that will load, as it registers them with
  /// copyreg: `240=package.module:Name`. Other codes stay unknown.
  std::vector<std::string> extensions = {};
};

/// Reports what `payload` holds, inside containers too; the inside of large buffers and storages is
/// not read.
/// Throws: usage for a malformed option, environment from the source. Memory: bounded by `limits`,
/// not by the payload. Thread-safety: any thread.
BRINE_API ScanReport scan_payload(const RandomSource& payload, const ScanOptions& options = {},
                                  const Limits& limits = {});

/// The same for a file, looking through gzip, bzip2, xz and zstd around it.
/// Throws: usage, not_found, environment.
BRINE_API ScanReport scan_file(const std::filesystem::path& path, const ScanOptions& options = {},
                               const Limits& limits = {});

}  // namespace brine
