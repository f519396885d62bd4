// Every bound on what comes from outside, in one place.
#pragma once

#include <cstdint>

namespace brine {

/// Bounds on untrusted input. A breach is an Error of code `limit` that names the limit and what
/// was found. The defaults let every real checkpoint of the test corpora through with a factor of
/// eight to spare; raise one when a payload of yours is reported.
struct Limits {
  /// Opcodes of one pickle. The largest real one known has 1.04 million (a part-of-speech tagger).
  std::uint64_t max_opcodes = 1'000'000'000;
  /// Entries of the memo, at 8 bytes each: 64 MiB, the largest share of a save's memory.
  std::uint64_t max_memo_entries = 8'000'000;
  /// Memory for the short texts of one payload, among which the names of its symbols are.
  std::uint64_t max_text_bytes = 64ULL << 20;
  /// Objects in the graph of one pickle, and places in their containers, each. An object takes at
  /// most 48 bytes and a place 12: 240 MB. Only the inventory of tensors builds a graph; that of a
  /// forest of 1,000 trees has about 50,000 objects.
  std::uint64_t max_nodes = 4'000'000;
  /// Values on the stack and open marks of one pickle. CPython batches by 1,000, so depth counts.
  std::uint64_t max_stack_depth = 4'000'000;
  /// Bytes of a module or qualified name.
  std::uint32_t max_name_bytes = 4096;
  /// Bytes of one text line argument (protocol 0 numbers and strings).
  std::uint64_t max_line_bytes = 16ULL << 20;
  /// Distinct symbols of one payload; real ones stay under 600.
  std::uint64_t max_symbols = 100'000;
  /// Pickles that follow one another in one payload.
  std::uint64_t max_pickles = 100'000;
  /// Bytes of one payload, and of what a compressed input may unfold to.
  std::uint64_t max_payload_bytes = 1ULL << 44;
  /// Bytes of the temporary file that a compressed container is unfolded into for a look inside.
  std::uint64_t max_unfolded_bytes = 64ULL << 30;
  /// Bytes that are decoded for a look inside, of all members and of containers in containers
  /// together, for each byte of the payload, which counts as 100 KiB at least. Deflate makes 1,032
  /// bytes of one.
  std::uint64_t max_unfolded_ratio = 10'000;
  /// Bytes of one manifest: 64 MiB describe about 2 TiB of payload.
  std::uint64_t max_manifest_bytes = 64ULL << 20;
  /// Bytes of one migration table.
  std::uint64_t max_table_bytes = 16ULL << 20;
  /// Bytes of the JSON of one payload.
  std::uint64_t max_json_bytes = 4ULL << 30;
  /// Memory of one decoder, against streams that ask for huge windows.
  std::uint64_t max_decoder_bytes = 256ULL << 20;
  /// Members of one zip.
  std::uint64_t max_zip_members = 1'000'000;
};

}  // namespace brine
