// Entries and files that the tests of the catalog share.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "catalog/catalog.hpp"
#include "support/expect.hpp"
#include "support/temporary.hpp"

namespace brine::test {

using catalog::Access;
using catalog::Catalog;
using catalog::Entry;

constexpr std::chrono::milliseconds patience{50};

/// An id that looks like a SHA-256 and differs by line and seq.
inline std::string id_of(std::string_view line, std::uint64_t seq) {
  return fmt::format("{:016x}{:048x}", std::hash<std::string_view>{}(line), seq);
}

inline Entry entry(std::string_view line, std::uint64_t seq) {
  return {.snapshot = {.id = id_of(line, seq),
                       .line = std::string(line),
                       .seq = seq,
                       .parent = seq > 1 ? id_of(line, seq - 1) : "",
                       .created = fmt::format("2026-05-04T03:02:{:02}.000Z", seq),
                       .payload_bytes = 1000 + seq,
                       .stored_bytes = 100 + seq,
                       .format = "pickle",
                       .protocol = 4}};
}

inline Entry entry(std::string_view line, std::uint64_t seq, State state) {
  Entry made = entry(line, seq);
  made.snapshot.state = state;
  return made;
}

inline Catalog create(const std::filesystem::path& path) {
  return Catalog::open(path, Access::create, patience);
}

inline Catalog open(const std::filesystem::path& path, Access access = Access::read_write) {
  return Catalog::open(path, access, patience);
}

/// seq of a snapshot, 0 for none.
inline std::uint64_t seq_of(const std::optional<Snapshot>& snapshot) {
  return snapshot ? snapshot->seq : 0;
}

inline std::vector<std::uint64_t> seqs_of(const std::vector<Snapshot>& snapshots) {
  std::vector<std::uint64_t> seqs;
  for (const Snapshot& snapshot : snapshots) seqs.push_back(snapshot.seq);
  return seqs;
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

/// Every file of a directory with its content: equal before and after means that nothing happened.
inline std::map<std::string, std::string> listing(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    files.emplace(file.path().filename(), read_file(file.path()));
  }
  return files;
}

}  // namespace brine::test
