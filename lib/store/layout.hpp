// Where everything lies in a store's directory.
//
//   brine.json                     format version, store id, options fixed at init
//   packs/ab/ab12....{zst,gz,bz2,xz,bin}
//   snapshots/ab/ab12....json        manifests, named by their SHA-256
//   good/LINE                      id of the line's newest known-good snapshot
//   tables/NAME/000003.toml        registered migration tables
//   catalog.sqlite                 index, rebuilt by reindex
//   attempts/                      loads under way, and those that died (attempts.hpp)
//   lock                           held exclusively while a save commits
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "brine/options.hpp"

namespace brine::store {

using std::filesystem::path;

inline constexpr int store_version = 1;

/// The paths of one store.
class Layout {
 public:
  explicit Layout(path root) : root_(std::move(root)) {}
  const path& root() const noexcept { return root_; }
  path options() const { return root_ / "brine.json"; }
  path catalog() const { return root_ / "catalog.sqlite"; }
  path lock() const { return root_ / "lock"; }
  path packs() const { return root_ / "packs"; }
  path snapshots() const { return root_ / "snapshots"; }
  path good(std::string_view line) const { return root_ / "good" / line; }
  path good() const { return root_ / "good"; }
  path tables() const { return root_ / "tables"; }
  path attempts() const { return root_ / "attempts"; }
  path table(std::string_view name, std::uint64_t version) const;
  path manifest(std::string_view id) const;
  path pack(std::string_view id, const Codec& codec) const;
  /// `file` as seen from the root, for messages.
  std::string inside(const path& file) const { return file.lexically_relative(root_).string(); }

 private:
  path root_;
};

/// Makes the directories of a store, where they are missing.
void make_directories(const Layout& layout);

/// What brine.json says.
struct StoreFile {
  std::string id;
  CreateOptions options;
};

std::string encode(const StoreFile& file, std::string_view created);

/// Throws: corrupt, unsupported (a newer format).
StoreFile decode_store_file(std::string_view text);

/// Reads brine.json. Throws as decode_store_file, and not_found.
StoreFile read_store_file(const Layout& layout);

}  // namespace brine::store
