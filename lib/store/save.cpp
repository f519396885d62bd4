// A save, in the order that keeps every crash harmless: nothing refers to what is not durable.
//
//   pack written to a file without a name, every block decoded and compared
//   pack fsynced and named                     a crash leaves an orphan pack
//   lock, number in the line
//   manifest fsynced and named                 a crash leaves an orphan manifest: reindex adopts it
//   catalog transaction                        the commit point
//   good/LINE swapped                          a crash leaves the one before, which is good too
#include <fmt/format.h>

#include <algorithm>

#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "codec/codec.hpp"
#include "digest/digest.hpp"
#include "io/file.hpp"
#include "store/analysis.hpp"
#include "store/impl.hpp"
#include "store/unwrap.hpp"

namespace brine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece_bytes = 1U << 20;
// A buffer from here on gets blocks of its own: an unchanged tensor then has unchanged blocks, and
// reading it touches nothing else. Smaller ones share a block: each costs a header and lost
// context.
constexpr std::uint64_t own_block_bytes = 256U << 10;

void require_name(std::string_view name, std::string_view what) {
  if (base::is_name(name)) return;
  throw Error(Errc::usage,
              fmt::format("'{}' cannot name a {}: 1 to 200 letters, digits, '.', '_' or '-', "
                          "beginning with a letter or digit",
                          base::printable(name), what),
              fmt::format("choose a name such as run-1 for the {}", what));
}

const Codec& require_codec(const Codec& codec) {
  parse_codec(to_string(codec));  // throws usage for a level out of range
  return codec;
}

std::vector<std::string> sorted(std::vector<std::string> tags) {
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  return tags;
}

// What is wrong with a call, before anything is read or written.
void check_call(std::string_view line, const SaveOptions& options) {
  require_name(line, "line");
  for (const auto& [name, value] : options.metrics) require_name(name, "metric");
  for (const std::string& tag : options.tags) {
    require_name(tag, "tag");
    if (tag == "latest" || tag == "good") {
      throw Error(Errc::usage, fmt::format("'{}' cannot be a tag: it is a mark", tag),
                  "choose another name for the tag");
    }
  }
  if (options.codec) require_codec(*options.codec);
  if (!options.wrapper.empty()) parse_codec(options.wrapper);
}

// A save promises to stay under 200 MiB on any machine unless its caller chose the threads. The
// rest of the process takes some 40 MiB; a worker holds two blocks raw, two encoded, one decoded.
constexpr std::uint64_t workers_bytes = 160ULL << 20;

unsigned worker_count(const Store::Impl& store, const Codec& codec) {
  if (store.open_options.threads > 0) return store.threads;
  const std::uint64_t each =
      5 * pack::max_block_bytes + codec::encoder_bytes(codec, pack::max_block_bytes);
  return std::clamp(static_cast<unsigned>(workers_bytes / each), 1U, store.threads);
}

// Puts the input in front of what is wrong with its bytes, and of nothing else: a full disk or a
// damaged catalog is no fault of the file.
template <typename Body>
void blaming(std::string_view input, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    if (input.empty() || !is_fallback_worthy(error.code())) throw;
    throw error.in_context(input);
  }
}

}  // namespace

struct SaveSession::Impl {
  Impl(Store::Impl& owner, std::string_view line, const SaveOptions& save_options)
      : store(owner),
        options(save_options),
        codec(require_codec(save_options.codec.value_or(owner.file.options.codec))),
        pack_id(base::random_id()),
        pack_path(owner.layout.pack(pack_id, codec)),
        analyst(policy, pickle::Detail::symbols, owner.open_options.limits),
        pack(pack_path, io::Publish::create_only),
        writer(pack, {.codec = codec,
                      .threads = worker_count(owner, codec),
                      .verify = save_options.verify,
                      .limits = owner.open_options.limits}) {
    manifest.snapshot.line = line;
  }

  void write(ByteView bytes);
  Snapshot commit();

  void take(ByteView bytes);
  void cut_at_buffers(ByteView bytes);
  void analyse();
  void require_whole(const store::Analysis& analysis) const;
  void describe();
  void publish();
  void enter();
  void point_at_good() const;
  bool may_be_listed() const noexcept;
  void take_back() noexcept;

  Store::Impl& store;
  SaveOptions options;
  Codec codec;
  std::string pack_id;
  fs::path pack_path;
  fs::path manifest_path;
  scan::Policy policy;
  store::Analyst analyst;
  io::AtomicFile pack;
  pack::Writer writer;
  digest::Xxh128Stream payload_digest;
  std::string input;  // the file that the payload comes from, if any
  store::Manifest manifest;
  Bytes head;  // until the analyst can say what the payload is, and where buffers are
  std::size_t buffers_cut = 0;
  std::uint64_t buffer_end = 0;  // of the last buffer with blocks of its own
  std::uint64_t payload_bytes = 0;
};

void SaveSession::Impl::write(ByteView bytes) {
  base::require_within(payload_bytes + head.size() + bytes.size(),
                       store.open_options.limits.max_payload_bytes, "max_payload_bytes");
  if (payload_bytes == 0) {
    const std::size_t missing = archive::sniff_bytes - head.size();
    const ByteView front = bytes.first(std::min(bytes.size(), missing));
    head.insert(head.end(), front.begin(), front.end());
    if (head.size() < archive::sniff_bytes) return;
    bytes = bytes.subspan(front.size());
    take(head);
    head = {};
  }
  take(bytes);
}

void SaveSession::Impl::take(ByteView bytes) {
  // In pieces, so that what the analyst sees is still in the processor's cache for the rest.
  while (!bytes.empty()) {
    const ByteView piece = bytes.first(std::min(bytes.size(), piece_bytes));
    analyst.write(piece);
    payload_digest.update(piece);
    cut_at_buffers(piece);
    bytes = bytes.subspan(piece.size());
    if (options.progress) options.progress(payload_bytes, 0);
  }
}

// Blocks begin and end where large buffers do.
void SaveSession::Impl::cut_at_buffers(ByteView bytes) {
  const auto& buffers = analyst.buffers();
  const auto write_until = [&](std::uint64_t offset) {
    const ByteView front = bytes.first(static_cast<std::size_t>(offset - payload_bytes));
    writer.write(front);
    payload_bytes = offset;
    bytes = bytes.subspan(front.size());
  };
  const std::uint64_t end = payload_bytes + bytes.size();
  const auto end_buffer = [&](std::uint64_t limit) {
    if (buffer_end == 0 || buffer_end > limit) return;
    write_until(buffer_end);
    writer.cut();
    buffer_end = 0;
  };
  for (; buffers_cut < buffers.size() && buffers[buffers_cut].offset < end; ++buffers_cut) {
    const pickle::Buffer& buffer = buffers[buffers_cut];
    if (buffer.bytes < own_block_bytes) continue;
    end_buffer(buffer.offset);
    write_until(buffer.offset);
    writer.cut();
    buffer_end = buffer.offset + buffer.bytes;
  }
  end_buffer(end);
  write_until(end);
}

Snapshot SaveSession::Impl::commit() {
  take(head);
  manifest.blocks = writer.finish();
  blaming(input, [&] { analyse(); });
  describe();
  publish();
  return manifest.snapshot;
}

// Containers are looked into through the pack that was just written.
void SaveSession::Impl::analyse() {
  const auto payload = pack::open_payload(
      pack, manifest.blocks, {.codec = codec, .threads = 1, .limits = store.open_options.limits});
  store::Analysis analysis = analyst.finish(*payload);
  if (!options.as_is) require_whole(analysis);
  // A checkpoint that is kept although it is cut short may announce more than there is.
  std::erase_if(analysis.buffers, [&](const BufferInfo& buffer) {
    return buffer.offset > payload_bytes || buffer.bytes > payload_bytes - buffer.offset;
  });
  manifest.buffers = std::move(analysis.buffers);
  manifest.scan = std::move(analysis.report);
}

void SaveSession::Impl::require_whole(const store::Analysis& analysis) const {
  const std::string& why = analysis.incomplete;
  if (payload_bytes > 0 && why.empty()) return;
  std::string sentence = "the checkpoint is empty: it has no byte";
  if (payload_bytes > 0) {
    sentence =
        fmt::format("{}: {}",
                    analysis.report.format == "unknown" ? "this is no checkpoint that brine knows"
                    : why.ends_with("before its STOP")  ? "the checkpoint is truncated"
                                                        : "the checkpoint is damaged",
                    why);
  }
  throw Error(Errc::corrupt, sentence,
              fmt::format("brine save {} FILE --as-is", manifest.snapshot.line));
}

void SaveSession::Impl::describe() {
  Snapshot& snapshot = manifest.snapshot;
  snapshot.step = options.step;
  snapshot.metrics = options.metrics;
  snapshot.tags = sorted(options.tags);
  snapshot.payload_bytes = payload_bytes;
  snapshot.stored_bytes = pack.size();
  snapshot.codec = codec;
  snapshot.format = manifest.scan.format;
  snapshot.protocol = manifest.scan.protocol;
  snapshot.origin = options.origin;
  snapshot.verdict = manifest.scan.verdict;
  const bool may_be_good = manifest.scan.complete && snapshot.verdict != Verdict::dangerous;
  snapshot.state = !options.verify ? State::saved : may_be_good ? State::good : State::verified;
  manifest.store = store.file.id;
  manifest.wrapper = options.wrapper;
  manifest.payload_digest = payload_digest.value();
  manifest.pack = manifest.blocks.empty() ? "" : pack_id;
}

void SaveSession::Impl::publish() {
  bool is_in_catalog = false;
  try {
    if (!manifest.pack.empty()) pack.commit();
    const io::FileLock lock = store.lock(io::Hold::exclusive);
    store.with_catalog([&](catalog::Catalog& index) {
      auto transaction = index.begin();
      manifest.snapshot.seq = index.next_seq(manifest.snapshot.line);
      const auto parent = index.latest(manifest.snapshot.line);
      manifest.snapshot.parent = parent ? parent->id : "";
      manifest.snapshot.created = base::now_utc();
      manifest.steps = index.newest_steps();
      enter();
      index.insert({manifest.snapshot, manifest.scan.symbols, manifest.steps});
      is_in_catalog = true;
      transaction.commit();
    });
    point_at_good();
  } catch (...) {
    if (!is_in_catalog || !may_be_listed()) take_back();
    throw;
  }
}

// A commit that failed may have come through all the same, for the last fsync came too late: the
// catalog is asked, and what it does not deny stays.
bool SaveSession::Impl::may_be_listed() const noexcept {
  try {
    return store.with_catalog(
        [&](catalog::Catalog& index) { return index.by_id(manifest.snapshot.id).has_value(); });
  } catch (...) {
    return true;
  }
}

// The snapshot is durable and visible: a pointer that cannot follow is what a crash leaves too, and
// verify tells of it. A save that says no here would be made again.
void SaveSession::Impl::point_at_good() const {
  try {
    store.point_at_good(manifest.snapshot.line);
  } catch (const Error&) {
  }
}

// What cannot be removed is an orphan, as after a crash; the error under way says why.
void SaveSession::Impl::take_back() noexcept {
  for (const fs::path& path : {manifest_path, pack_path}) {
    try {
      if (!path.empty()) io::remove_file(path);
    } catch (const Error&) {
    }
  }
}

void SaveSession::Impl::enter() {
  const std::string text = encode(manifest);
  base::require_within(text.size(), store.open_options.limits.max_manifest_bytes,
                       "max_manifest_bytes");
  manifest.snapshot.id = digest::sha256_hex(bytes_of(text));
  manifest_path = store.layout.manifest(manifest.snapshot.id);
  io::write_file(manifest_path, bytes_of(text), io::Publish::create_only);
}

namespace {

SaveSession::Impl& require_open(SaveSession::Impl* impl) {
  if (impl != nullptr) return *impl;
  throw Error(Errc::usage, "the save is over: it was committed, or its commit failed",
              "begin another save");
}

}  // namespace

SaveSession::SaveSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SaveSession::SaveSession(SaveSession&&) noexcept = default;
SaveSession& SaveSession::operator=(SaveSession&&) noexcept = default;
SaveSession::~SaveSession() = default;

void SaveSession::write(ByteView bytes) { require_open(impl_.get()).write(bytes); }

Snapshot SaveSession::commit() {
  require_open(impl_.get());
  // What was committed, or failed to be, cannot be committed again.
  const std::unique_ptr<Impl> impl = std::move(impl_);
  return impl->commit();
}

SaveSession Store::begin_save(std::string_view line, const SaveOptions& options) {
  check_call(line, options);
  impl_->require_writable();
  return SaveSession(std::make_unique<SaveSession::Impl>(*impl_, line, options));
}

Snapshot Store::save(std::string_view line, Source& payload, const SaveOptions& options) {
  SaveSession session = begin_save(line, options);
  io::copy(payload, session);
  return session.commit();
}

Snapshot Store::save_file(std::string_view line, const fs::path& file, const SaveOptions& options) {
  check_call(line, options);
  impl_->require_writable();
  const io::File stored = io::open_input(file);
  const std::string name = base::printable(file.string());
  SaveOptions known = options;
  if (options.progress) {
    known.progress = [&](std::uint64_t done, std::uint64_t) {
      options.progress(done, std::max(done, stored.size()));
    };
  }
  const auto wrapper =
      options.as_is ? std::nullopt : store::wrapper_of_pickle(stored, impl_->open_options.limits);
  if (wrapper) known.wrapper = info(*wrapper).name;
  SaveSession session = begin_save(line, known);
  session.impl_->input = name;
  io::SequentialSource source(stored);
  blaming(name, [&] {
    if (!wrapper) return io::copy(source, session);
    io::copy(*codec::make_decoding_source(*wrapper, source, impl_->open_options.limits), session);
  });
  return session.commit();
}

}  // namespace brine
