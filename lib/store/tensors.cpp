// The inventory of a snapshot, or of a file that is in no store.
#include <fmt/format.h>

#include <type_traits>

#include "base/text.hpp"
#include "brine/hint.hpp"
#include "io/file.hpp"
#include "store/impl.hpp"
#include "store/inventory.hpp"

namespace brine {
namespace {

io::File open_pack(const std::filesystem::path& path) {
  try {
    return io::File(path);
  } catch (const Error& error) {
    if (error.code() != Errc::not_found) throw;
    throw Error(Errc::corrupt, "the pack is missing", "brine verify");
  }
}

// What cannot be listed gets the next command.
template <typename List>
auto with_hint(const std::string& hint, const List& list) {
  try {
    return list();
  } catch (const Error& error) {
    if (error.code() != Errc::unsupported) throw;
    throw Error(error.code(), error.what(), hint);
  }
}

template <typename List>
auto of_file(const std::filesystem::path& path, const List& list) {
  const io::File file(path);
  return in_context(base::printable(path.string()), [&] {
    return with_hint(fmt::format("brine scan {}", shell_word(path.string())),
                     [&] { return list(file); });
  });
}

// Of a payload of no bytes, there is nothing.
template <typename List>
std::invoke_result_t<List, const RandomSource&> of_snapshot(const Store::Impl& store,
                                                            const Snapshot& snapshot,
                                                            const List& list) {
  const store::Manifest manifest = store.manifest(snapshot.id);
  if (manifest.blocks.empty()) return {};
  const auto path = store.layout.pack(manifest.pack, manifest.snapshot.codec);
  return in_context(store.layout.inside(path), [&] {
    const io::File pack = open_pack(path);
    const auto payload = pack::open_payload(pack, manifest.blocks, store.reader_options(manifest));
    return with_hint(fmt::format("brine show {}:{} --json", snapshot.line, snapshot.seq),
                     [&] { return list(*payload); });
  });
}

}  // namespace

std::vector<TensorInfo> Store::tensors(std::string_view ref, const TensorOptions& options) const {
  return of_snapshot(*impl_, resolve(ref), [&](const RandomSource& payload) {
    return store::list_tensors(payload, impl_->open_options.limits, options);
  });
}

std::vector<TreeRow> Store::tree(std::string_view ref, const TreeOptions& options) const {
  return of_snapshot(*impl_, resolve(ref), [&](const RandomSource& payload) {
    return store::list_tree(payload, options, impl_->open_options.limits);
  });
}

std::vector<TensorInfo> file_tensors(const std::filesystem::path& path,
                                     const TensorOptions& options, const Limits& limits) {
  return of_file(path, [&](const RandomSource& payload) {
    return store::list_tensors(payload, limits, options);
  });
}

std::vector<TreeRow> file_tree(const std::filesystem::path& path, const TreeOptions& options,
                               const Limits& limits) {
  return of_file(path, [&](const RandomSource& payload) {
    return store::list_tree(payload, options, limits);
  });
}

}  // namespace brine
