// The inventory of a snapshot, or of a file that is in no store.
#include <fmt/format.h>

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

}  // namespace

std::vector<TensorInfo> Store::tensors(std::string_view ref, const TensorOptions& options) const {
  const Snapshot snapshot = resolve(ref);
  const store::Manifest manifest = impl_->manifest(snapshot.id);
  if (manifest.blocks.empty()) return {};
  const auto path = impl_->layout.pack(manifest.pack, manifest.snapshot.codec);
  return in_context(impl_->layout.inside(path), [&] {
    const io::File pack = open_pack(path);
    const auto payload = pack::open_payload(pack, manifest.blocks, impl_->reader_options(manifest));
    try {
      return store::list_tensors(*payload, impl_->open_options.limits, options);
    } catch (const Error& error) {
      if (error.code() != Errc::unsupported) throw;
      throw Error(error.code(), error.what(),
                  fmt::format("brine show {}:{} --json", snapshot.line, snapshot.seq));
    }
  });
}

std::vector<TensorInfo> file_tensors(const std::filesystem::path& path,
                                     const TensorOptions& options, const Limits& limits) {
  const io::File file(path);
  return in_context(base::printable(path.string()), [&] {
    try {
      return store::list_tensors(file, limits, options);
    } catch (const Error& error) {
      if (error.code() != Errc::unsupported) throw;
      throw Error(error.code(), error.what(),
                  fmt::format("brine scan {}", shell_word(path.string())));
    }
  });
}

}  // namespace brine
