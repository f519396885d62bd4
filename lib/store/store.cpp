#include "brine/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/text.hpp"
#include "brine/hint.hpp"
#include "digest/digest.hpp"
#include "io/access.hpp"
#include "io/file.hpp"
#include "store/events.hpp"
#include "store/impl.hpp"
#include "store/references.hpp"

namespace brine {
namespace {

namespace fs = std::filesystem;

unsigned thread_count(unsigned wanted) {
  return wanted > 0 ? wanted : std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
}

void fill(const store::Layout& layout, const CreateOptions& options) {
  make_directories(layout);
  catalog::Catalog::open(layout.catalog(), catalog::Access::create, std::chrono::milliseconds(0));
  // Last: a directory with this file in it is a whole store.
  const std::string text = encode(store::StoreFile{base::random_id(), options}, base::now_utc());
  io::write_file(layout.options(), bytes_of(text), io::Publish::create_only);
}

// What is wrong with a place for a new store: a store, or anything else, is there already.
void require_empty(const store::Layout& layout) {
  const std::string name = base::printable(layout.root().string());
  std::error_code failure;
  if (fs::exists(layout.options(), failure)) {
    throw Error(Errc::exists, fmt::format("{} is a store already", name),
                fmt::format("brine --store {} log", shell_word(name)));
  }
  for (fs::directory_iterator entry(layout.root(), failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (entry->path() == layout.lock()) continue;
    throw Error(Errc::exists, fmt::format("{} is not empty and no store", name),
                fmt::format("brine init {}",
                            shell_word(base::printable((layout.root() / ".brine").string()))));
  }
  if (failure && failure != std::errc::no_such_file_or_directory) {
    io::throw_errno(failure.value(), "read", layout.root());
  }
}

// A call that could not be read back from brine.json.
void require_valid(const CreateOptions& options) {
  parse_codec(to_string(options.codec));  // throws usage for a level out of range
  if (base::printable(options.on_fallback) != options.on_fallback) {
    throw Error(Errc::usage,
                fmt::format("'{}' cannot be an alert command: it is not one line of text",
                            base::printable(options.on_fallback)),
                "brine help init");
  }
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
      file(store::read_store_file(layout)),
      open_options(options),
      threads(thread_count(options.threads)),
      writable(io::is_writable(layout.root())) {}

void Store::Impl::open_catalog() const {
  const auto identity = io::identity_of(layout.catalog());
  if (catalog && identity == catalog_identity) return;
  catalog.reset();
  catalog_identity = identity;
  catalog = catalog::Catalog::open(
      layout.catalog(), writable ? catalog::Access::read_write : catalog::Access::read_only,
      std::chrono::milliseconds(open_options.lock_timeout_ms));
}

void Store::Impl::require_writable() const {
  if (writable) return;
  throw Error(Errc::environment,
              fmt::format("the store {} cannot be written: it is read-only for this user",
                          base::printable(layout.root().string())),
              fmt::format("ls -ld {}", shell_word(base::printable(layout.root().string()))));
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
  const io::FileLock held = lock(io::Hold::exclusive);
  with_catalog([&](catalog::Catalog& index) {
    auto transaction = index.begin();
    const auto now = index.by_id(snapshot.id);
    // Another process may have judged it meanwhile, and damage outweighs what was known before.
    const bool is_overtaken = !now || now->state == State::revoked ||
                              (state != State::quarantined && now->state != snapshot.state);
    if (is_overtaken) return;
    index.set_state(snapshot.id, state);
    index.add_event({base::now_utc(), std::string(kind), snapshot.line, snapshot.id,
                     store::reason_event(reason)});
    transaction.commit();
  });
  point_at_good(snapshot.line);
}

void Store::Impl::point_at_good(std::string_view line) const {
  const auto newest =
      with_catalog([&](catalog::Catalog& index) { return index.latest(line, State::good); });
  if (newest) {
    io::write_file(layout.good(line), bytes_of(newest->id + "\n"), io::Publish::replace);
  } else {
    io::remove_file(layout.good(line));
  }
}

std::vector<fs::path> Store::Impl::files_below(const fs::path& directory,
                                               std::string_view extension) const {
  std::vector<fs::path> files;
  std::error_code failure;
  for (fs::recursive_directory_iterator entry(directory, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const bool is_wanted = extension.empty() || entry->path().extension() == extension;
    // Whatever has the name: what is no file under it must be told of, not passed over.
    const bool is_room = extension.empty() && entry->is_directory(failure);
    if (is_wanted && !is_room) files.push_back(entry->path());
  }
  if (failure) io::throw_errno(failure.value(), "read", directory);
  std::sort(files.begin(), files.end());
  return files;
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
  require_valid(options);
  require_empty(layout);
  std::error_code failure;
  const bool is_new = !fs::exists(layout.root(), failure);
  io::make_directories(layout.root());
  // Of several processes that make one store at once, the first does, and the others are told.
  const io::FileLock lock(layout.lock(), io::Hold::exclusive,
                          std::chrono::milliseconds(open_options.lock_timeout_ms));
  require_empty(layout);
  try {
    fill(layout, options);
  } catch (const Error& error) {
    take_back(layout.root(), is_new);
    // The place that the hint names may be gone by now.
    if (error.code() != Errc::no_space) throw;
    throw Error(error.code(), error.what(), at_place("df -h", layout.root()));
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
  std::error_code failure;
  fs::path directory = fs::weakly_canonical(start, failure);
  if (failure) directory = fs::absolute(start).lexically_normal();
  for (;; directory = directory.parent_path()) {
    if (fs::exists(directory / ".brine" / "brine.json", failure)) return directory / ".brine";
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
  SnapshotDetail detail{.snapshot = snapshot,
                        .wrapper = manifest.wrapper,
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
