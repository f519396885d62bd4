#include "brine/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/text.hpp"
#include "digest/digest.hpp"
#include "io/access.hpp"
#include "io/file.hpp"
#include "store/events.hpp"
#include "store/impl.hpp"
#include "store/references.hpp"

namespace brine {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_store_file_bytes = 1ULL << 20;

unsigned thread_count(unsigned wanted) {
  return wanted > 0 ? wanted : std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
}

store::StoreFile read_store_file(const store::Layout& layout) {
  if (!fs::exists(layout.options())) {
    throw Error(Errc::not_found,
                fmt::format("there is no store in {}", base::printable(layout.root().string())),
                fmt::format("brine init {}", base::printable(layout.root().string())));
  }
  return store::decode_store_file(
      text_of(io::read_file(layout.options(), max_store_file_bytes)));
}

void make_directory(const fs::path& path) {
  std::error_code failure;
  fs::create_directory(path, failure);
  if (failure) io::throw_errno(failure.value(), "create", path);
}

// All 256 at once, as restic does: a save then never has to make a directory durable first.
void make_fan_out(const fs::path& directory) {
  make_directory(directory);
  for (int i = 0; i < 256; ++i) make_directory(directory / fmt::format("{:02x}", i));
  io::sync_directory(directory);
}

void fill(const store::Layout& layout, const CreateOptions& options) {
  make_directory(layout.good());
  make_directory(layout.tables());
  make_fan_out(layout.packs());
  make_fan_out(layout.snapshots());
  catalog::Catalog::open(layout.catalog(), catalog::Access::create, std::chrono::milliseconds(0));
  // Last: a directory with this file in it is a whole store.
  const std::string text = encode(store::StoreFile{base::random_id(), options}, base::now_utc());
  io::write_file(layout.options(), bytes_of(text), io::Publish::create_only);
}

// Takes back what fill() did to a directory that was empty or missing before.
void take_back(const fs::path& root, bool root_is_ours) noexcept {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(root, ignored)) {
    fs::remove_all(entry.path(), ignored);
  }
  if (root_is_ours) fs::remove(root, ignored);
}

}  // namespace

Store::Impl::Impl(const fs::path& root, const OpenOptions& options)
    : layout(fs::absolute(root).lexically_normal()),
      file(read_store_file(layout)),
      open_options(options),
      threads(thread_count(options.threads)),
      writable(io::is_writable(layout.root())) {}

void Store::Impl::open_catalog() const {
  catalog = catalog::Catalog::open(
      layout.catalog(), writable ? catalog::Access::read_write : catalog::Access::read_only,
      std::chrono::milliseconds(open_options.lock_timeout_ms));
}

void Store::Impl::require_writable() const {
  if (writable) return;
  throw Error(Errc::environment,
              fmt::format("the store {} cannot be written: it is read-only for this user",
                          base::printable(layout.root().string())),
              fmt::format("ls -ld {}", base::printable(layout.root().string())));
}

io::FileLock Store::Impl::lock(io::Hold hold) const {
  return io::FileLock(layout.lock(), hold, std::chrono::milliseconds(open_options.lock_timeout_ms));
}

store::Manifest Store::Impl::manifest(std::string_view id) const {
  const fs::path path = layout.manifest(id);
  return in_context(layout.inside(path), [&] {
    Bytes text;
    try {
      text = io::read_file(path, open_options.limits.max_manifest_bytes);
    } catch (const Error& error) {
      if (error.code() != Errc::not_found) throw;
      throw Error(Errc::corrupt, "the manifest is missing", "brine verify");
    }
    if (digest::sha256_hex(text) != id) {
      throw Error(Errc::corrupt, "the manifest is damaged: its SHA-256 is not its name",
                  "brine verify");
    }
    store::Manifest manifest = store::decode_manifest(text_of(text), open_options.limits);
    manifest.snapshot.id = id;
    return manifest;
  });
}

pack::ReaderOptions Store::Impl::reader_options(const store::Manifest& manifest) const {
  return {.codec = manifest.snapshot.codec, .threads = threads, .limits = open_options.limits};
}

void Store::Impl::mark(const Snapshot& snapshot, State state, std::string_view kind,
                       std::string_view reason) const {
  with_catalog([&](catalog::Catalog& index) {
    auto transaction = index.begin();
    index.set_state(snapshot.id, state);
    index.add_event({base::now_utc(), std::string(kind), snapshot.line, snapshot.id,
                     store::reason_event(reason)});
    transaction.commit();
  });
  point_at_good(snapshot.line);
}

void Store::Impl::point_at_good(std::string_view line) const {
  const auto newest = with_catalog(
      [&](catalog::Catalog& index) { return index.latest(line, State::good); });
  if (newest) {
    io::write_file(layout.good(line), bytes_of(newest->id + "\n"), io::Publish::replace);
  } else {
    io::remove_file(layout.good(line));
  }
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

const fs::path& Store::root() const noexcept { return impl_->layout.root(); }
const CreateOptions& Store::options() const noexcept { return impl_->file.options; }

Store Store::create(const fs::path& root, const CreateOptions& options,
                    const OpenOptions& open_options) {
  const store::Layout layout(fs::absolute(root).lexically_normal());
  if (fs::exists(layout.options())) {
    throw Error(Errc::exists, fmt::format("{} is a store already", base::printable(root.string())),
                fmt::format("brine log --store {}", base::printable(root.string())));
  }
  std::error_code failure;
  const bool is_new = !fs::exists(root, failure);
  if (!is_new && !fs::is_empty(root, failure)) {
    throw Error(Errc::exists,
                fmt::format("{} is not empty and no store", base::printable(root.string())),
                fmt::format("brine init {}", base::printable((root / ".brine").string())));
  }
  io::make_directories(layout.root());
  try {
    fill(layout, options);
  } catch (...) {
    take_back(layout.root(), is_new);
    throw;
  }
  return open(root, open_options);
}

Store Store::open(const fs::path& root, const OpenOptions& options) {
  return Store(std::make_unique<Impl>(root, options));
}

std::optional<fs::path> Store::find(const fs::path& start) {
  for (fs::path directory = fs::absolute(start);; directory = directory.parent_path()) {
    if (fs::exists(directory / ".brine" / "brine.json")) return directory / ".brine";
    if (directory == directory.parent_path()) return std::nullopt;
  }
}

Snapshot Store::resolve(std::string_view ref) const {
  return impl_->with_catalog([&](catalog::Catalog& index) { return store::resolve(index, ref); });
}

std::vector<Snapshot> Store::log(const LogQuery& query) const {
  return impl_->with_catalog([&](catalog::Catalog& index) {
    if (query.line && !index.latest(*query.line)) store::throw_no_line(index, *query.line);
    return index.log(query);
  });
}

SnapshotDetail Store::show(std::string_view ref) const {
  const Snapshot snapshot = resolve(ref);
  store::Manifest manifest = impl_->manifest(snapshot.id);
  SnapshotDetail detail{.snapshot = snapshot, .wrapper = manifest.wrapper,
                        .buffers = std::move(manifest.buffers),
                        .symbols = std::move(manifest.scan.symbols),
                        .findings = std::move(manifest.scan.findings),
                        .steps = std::move(manifest.steps)};
  if (!manifest.pack.empty()) {
    detail.pack = impl_->layout.inside(impl_->layout.pack(manifest.pack, snapshot.codec));
  }
  for (const pack::Block& block : manifest.blocks) {
    detail.blocks.push_back({block.offset, block.bytes, block.stored_offset, block.stored_bytes});
  }
  return detail;
}

std::vector<Event> Store::events(std::uint64_t limit) const {
  return impl_->with_catalog([&](catalog::Catalog& index) { return index.events(limit); });
}

}  // namespace brine
