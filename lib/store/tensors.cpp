// The inventory of a payload: its pickles, read to their object graphs.
#include <fmt/format.h>

#include <iterator>

#include "io/file.hpp"
#include "pickle/graph.hpp"
#include "store/impl.hpp"
#include "tensor/inventory.hpp"

namespace brine {
namespace {

bool is_white_space(std::byte b) {
  return b == std::byte{'\n'} || b == std::byte{'\r'} || b == std::byte{' '};
}

// Reads as many pickles as the scan found, and lists the tensors of each.
class Inventory final : public Sink {
 public:
  Inventory(std::uint64_t pickles, const Limits& limits) : pickles_(pickles), limits_(limits) {}

  void write(ByteView bytes) override {
    while (!bytes.empty() && done_ < pickles_) {
      std::size_t used = 1;
      if (reader_ || !is_white_space(bytes[0])) used = feed(bytes);
      offset_ += used;
      bytes = bytes.subspan(used);
    }
  }

  std::vector<TensorInfo> finish() {
    if (done_ == pickles_) return std::move(found_);
    throw Error(Errc::corrupt,
                fmt::format("the payload holds {} pickles, its manifest says {}", done_, pickles_));
  }

 private:
  std::size_t feed(ByteView bytes) {
    if (!reader_) reader_.emplace(graph_.emplace(limits_), offset_, limits_);
    const std::size_t used = reader_->feed(bytes);
    if (reader_->state() == pickle::TokenReader::State::failed) give_up();
    if (reader_->state() == pickle::TokenReader::State::stopped) list();
    return used;
  }

  void list() {
    std::vector<TensorInfo> tensors = tensor::inventory(*graph_, limits_);
    for (TensorInfo& each : tensors) {
      if (pickles_ > 1) each.path = inside_pickle(each.path);
    }
    found_.insert(found_.end(), std::make_move_iterator(tensors.begin()),
                  std::make_move_iterator(tensors.end()));
    reader_.reset();
    graph_.reset();
    ++done_;
  }

  std::string inside_pickle(const std::string& path) const {
    const bool is_name = !path.empty() && path[0] != '[' && path[0] != '(';
    return fmt::format("[{}]{}{}", done_, is_name ? "." : "", path);
  }

  [[noreturn]] void give_up() const {
    const std::string& reason = reader_->reason();
    throw Error(reason.starts_with("max_") ? Errc::limit : Errc::unsupported,
                fmt::format("at offset {} of the payload: {}", reader_->offset(), reason));
  }

  std::uint64_t pickles_;
  Limits limits_;
  std::optional<pickle::Graph> graph_;
  std::optional<pickle::TokenReader> reader_;  // borrows graph_
  std::uint64_t offset_ = 0;
  std::uint64_t done_ = 0;
  std::vector<TensorInfo> found_;
};

io::File open_pack(const std::filesystem::path& path) {
  try {
    return io::File(path);
  } catch (const Error& error) {
    if (error.code() != Errc::not_found) throw;
    throw Error(Errc::corrupt, "the pack is missing", "brine verify");
  }
}

void require_pickle(const store::Manifest& manifest) {
  const Snapshot& snapshot = manifest.snapshot;
  if (snapshot.format == "pickle" && manifest.scan.pickles > 0) return;
  throw Error(Errc::unsupported,
              fmt::format("{}:{} is of format {}; tensors are listed of whole pickles only",
                          snapshot.line, snapshot.seq, snapshot.format),
              fmt::format("brine show {}:{} --json", snapshot.line, snapshot.seq));
}

}  // namespace

std::vector<TensorInfo> Store::tensors(std::string_view ref) const {
  const store::Manifest manifest = impl_->manifest(resolve(ref).id);
  require_pickle(manifest);
  const auto path = impl_->layout.pack(manifest.pack, manifest.snapshot.codec);
  return in_context(impl_->layout.inside(path), [&] {
    Inventory inventory(manifest.scan.pickles, impl_->open_options.limits);
    const io::File pack = open_pack(path);
    pack::read(pack, manifest.blocks, impl_->reader_options(manifest), inventory);
    return inventory.finish();
  });
}

}  // namespace brine
