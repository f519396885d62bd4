// A store for one test case, and what goes wrong in one.
#pragma once

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>

#include "brine/store.hpp"
#include "io/file.hpp"
#include "support/expect.hpp"
#include "support/pickles.hpp"
#include "support/temporary.hpp"

namespace brine::test {

namespace fs = std::filesystem;

inline std::string contents(const fs::path& file) {
  return std::string(text_of(io::read_file(file, 1ULL << 30)));
}

inline void write(const fs::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

/// Changes one bit of the byte at `offset`.
inline void flip(const fs::path& file, std::size_t offset) {
  std::string text = contents(file);
  text.at(offset) = static_cast<char>(text[offset] ^ 1);
  write(file, text);
}

inline void cut(const fs::path& file, std::size_t bytes) {
  fs::resize_file(file, fs::file_size(file) - bytes);
}

/// Every name below `directory`.
inline std::set<std::string> tree(const fs::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    names.insert(entry.path().lexically_relative(directory).string());
  }
  return names;
}

/// Keeps what a load delivers.
class Kept final : public Target {
 public:
  enum class Kind { file, pipe };
  explicit Kept(Kind kind = Kind::file) : kind_(kind) {}

  void begin(std::uint64_t payload_bytes) override {
    announced = payload_bytes;
    ++begun;
    text.clear();
  }
  bool can_restart() const noexcept override { return kind_ == Kind::file; }
  void write(ByteView bytes) override {
    if (fails_at && text.size() + bytes.size() > *fails_at) failure();
    text += text_of(bytes);
  }

  std::string text;
  std::uint64_t announced = 0;
  int begun = 0;
  std::optional<std::size_t> fails_at;
  std::function<void()> failure = [] { throw Error(Errc::environment, "the target is broken"); };

 private:
  Kind kind_;
};

/// A directory with a store in it.
struct StoreFixture {
  explicit StoreFixture(const CreateOptions& options = {})
      : root(directory / "store"), store(Store::create(root, options, open_options)) {}

  Snapshot save(std::string_view payload, const SaveOptions& options = {},
                std::string_view line = "run") {
    SaveSession session = store.begin_save(line, options);
    session.write(bytes_of(payload));
    return session.commit();
  }

  std::string load(std::string_view ref, const LoadOptions& options = {}) {
    Kept target;
    store.load(ref, target, options);
    BOOST_TEST(target.announced == target.text.size());
    return target.text;
  }

  /// A second connection to the same store, as another process has one.
  Store reopen() const { return Store::open(root, open_options); }

  fs::path manifest_of(const Snapshot& snapshot) const {
    return root / "snapshots" / snapshot.id.substr(0, 2) / (snapshot.id + ".json");
  }
  fs::path pack_of(const Snapshot& snapshot) const { return root / store.show(snapshot.id).pack; }
  State state_of(const Snapshot& snapshot) const { return reopen().resolve(snapshot.id).state; }
  std::string pointer(std::string_view line = "run") const {
    const fs::path file = root / "good" / line;
    return fs::exists(file) ? contents(file) : "";
  }
  std::size_t count_events(std::string_view kind) const {
    const auto events = store.events();
    return static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [&](const Event& event) { return event.kind == kind; }));
  }

  OpenOptions open_options{.threads = 2};
  TemporaryDirectory directory;
  fs::path root;
  Store store;
};

}  // namespace brine::test
