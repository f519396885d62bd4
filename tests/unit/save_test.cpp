#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <thread>

#include "codec/codec.hpp"
#include "support/store.hpp"

using namespace brine;
using namespace brine::test;

namespace {

const std::string whole = pickle_of("x");

std::string packed(CodecId codec, std::string_view text) {
  const auto encoder = codec::make_encoder({codec, info(codec).default_level}, text.size());
  Bytes out;
  encoder->encode(bytes_of(text), out);
  return std::string(text_of(out));
}

// Runs `body` as a user that no file mode lets through; skipped where that cannot be arranged.
template <typename Body>
bool as_nobody(Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool dropped = ::geteuid() != 0 || (::setgid(65534) == 0 && ::setuid(65534) == 0);
    ::_exit(dropped ? body() : 2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(saving, StoreFixture)

BOOST_AUTO_TEST_CASE(every_codec_gives_the_payload_back) {
  const std::string payload = pickle_with_buffers({300000, 100, 70000});
  for (const CodecInfo& row : codecs()) {
    for (const bool plain : {false, true}) {
      for (const bool verify : {false, true}) {
        const Codec codec{row.id, row.id == CodecId::none ? 0 : row.min_level};
        const Snapshot saved = save(payload, {.codec = codec, .plain = plain, .verify = verify});
        BOOST_TEST(load(saved.id) == payload);
        BOOST_TEST((saved.state == (verify ? State::good : State::saved)));
        BOOST_TEST((saved.codec == codec));
        BOOST_TEST(saved.stored_bytes == fs::file_size(pack_of(saved)));
      }
    }
  }
  BOOST_TEST(store.verify().problems.empty());
}

BOOST_AUTO_TEST_CASE(what_is_returned_is_what_the_catalog_says) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Snapshot first = save(whole);
  const Snapshot saved = save(whole, {.step = -7,
                                      .metrics = {{"loss", nan}, {"acc", 0.1}},
                                      .tags = {"b", "a", "b"},
                                      .origin = Origin::object,
                                      .wrapper = "gzip"});
  const Snapshot found = store.resolve("run");
  BOOST_TEST(found.id == saved.id);
  BOOST_TEST(found.parent == first.id);
  BOOST_TEST(found.seq == 2u);
  BOOST_TEST(found.step.value() == -7);
  BOOST_TEST(std::isnan(found.metrics.at("loss")));
  BOOST_TEST(found.metrics.at("acc") == 0.1);
  BOOST_TEST((found.tags == std::vector<std::string>{"a", "b"}));
  BOOST_TEST((saved.tags == found.tags));
  BOOST_TEST((found.origin == Origin::object));
  BOOST_TEST(found.format == "pickle");
  BOOST_TEST(found.protocol == 4);
  BOOST_TEST((found.verdict == Verdict::safe));
  BOOST_TEST(store.show("run").wrapper == "gzip");
  BOOST_TEST(pointer() == saved.id + "\n");
}

BOOST_AUTO_TEST_CASE(large_buffers_have_blocks_of_their_own) {
  const std::string payload = pickle_with_buffers({300000, 1000, 5000000});
  // However it arrives: the front is held until buffers in it are known.
  for (const std::size_t piece : {payload.size(), std::size_t{64}, std::size_t{4096}}) {
    SaveSession session = store.begin_save("run");
    for (std::string_view rest = payload; !rest.empty();) {
      session.write(bytes_of(rest.substr(0, piece)));
      rest.remove_prefix(std::min(piece, rest.size()));
    }
    session.commit();
    const SnapshotDetail detail = store.show("run");
    std::set<std::uint64_t> borders{0, payload.size()};
    for (const BlockInfo& block : detail.blocks) borders.insert(block.offset);
    BOOST_TEST(detail.buffers.size() == 2u);
    for (const BufferInfo& buffer : detail.buffers) {
      BOOST_TEST(borders.contains(buffer.offset));
      BOOST_TEST(borders.contains(buffer.offset + buffer.bytes));
    }
    BOOST_TEST(detail.blocks.size() == 6u);
    BOOST_TEST((load("run") == payload));
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_whole_checkpoint_leaves_nothing) {
  const std::string zip = Stream().raw("PK\x03\x04 and no directory").str();
  const auto before = tree(root);
  for (const std::string& payload :
       {std::string(), std::string("Hello, world"), whole.substr(0, whole.size() - 1),
        pickle_with_buffers({70000}).substr(0, 60000), zip, whole + whole.substr(0, 4)}) {
    expect_error(Errc::corrupt, "checkpoint", [&] { save(payload); });
    BOOST_TEST((tree(root) == before));
    BOOST_TEST(store.log().empty());
  }
  try {
    save(whole.substr(0, 5));
  } catch (const Error& error) {
    BOOST_TEST(error.what() == std::string("the checkpoint is truncated: as a pickle it fails at "
                                           "byte 2: it ends before its STOP"));
    BOOST_TEST(error.hint() == "brine save run FILE --as-is");
  }
}

BOOST_AUTO_TEST_CASE(as_is_keeps_any_bytes_and_never_calls_them_good) {
  // The last one announces a buffer of which it has only the front.
  const std::string cut = pickle_with_buffers({300000}).substr(0, 100000);
  for (const std::string& payload :
       {std::string(), std::string("text"), whole.substr(0, 3), cut}) {
    for (const bool verify : {true, false}) {
      const Snapshot saved = save(payload, {.as_is = true, .verify = verify});
      BOOST_TEST((saved.state == (verify ? State::verified : State::saved)));
      BOOST_TEST(load(saved.id, {.unsafe = true}) == payload);
      BOOST_TEST(store.verify(saved.id).problems.empty());
      BOOST_TEST((state_of(saved) == State::verified));
    }
  }
  BOOST_TEST(pointer().empty());
  BOOST_TEST((save(dangerous_pickle()).state == State::verified));
}

BOOST_AUTO_TEST_CASE(a_session_that_is_dropped_leaves_nothing) {
  const auto before = tree(root);
  {
    SaveSession session = store.begin_save("run");
    session.write(bytes_of(pickle_with_buffers({5000000})));
  }
  BOOST_TEST((tree(root) == before));
}

BOOST_AUTO_TEST_CASE(a_session_that_is_over_says_so) {
  SaveSession session = store.begin_save("run");
  session.write(bytes_of(whole));
  session.commit();
  expect_error(Errc::usage, "the save is over", [&] { session.commit(); });
  expect_error(Errc::usage, "the save is over", [&] { session.write(bytes_of(whole)); });
  BOOST_TEST(store.log().size() == 1u);
}

BOOST_AUTO_TEST_CASE(names_and_levels_are_checked_before_anything_is_written) {
  const auto before = tree(root);
  const auto refused = [&](std::string_view words, const SaveOptions& options) {
    expect_error(Errc::usage, words, [&] { store.begin_save("run", options); });
  };
  for (const char* line : {"", "a/b", "..", "a b", "-x"}) {
    expect_error(Errc::usage, "cannot name a line", [&] { store.begin_save(line); });
  }
  refused("cannot name a metric", {.metrics = {{"a b", 1}}});
  refused("cannot name a tag", {.tags = {"a/b"}});
  refused("it is a mark", {.tags = {"good"}});
  refused("it is a mark", {.tags = {"latest"}});
  refused("level", {.codec = Codec{CodecId::zstd, 99}});
  refused("codec", {.wrapper = "brotli"});
  BOOST_TEST((tree(root) == before));
}

BOOST_AUTO_TEST_CASE(limits_are_named_and_leave_nothing) {
  const auto before = tree(root);
  Store small = Store::open(root, {.limits = {.max_payload_bytes = 1000}});
  expect_error(Errc::limit, "max_payload_bytes",
               [&] { small.begin_save("run").write(bytes_of(noise(1001))); });
  Store terse = Store::open(root, {.limits = {.max_manifest_bytes = 100}});
  expect_error(Errc::limit, "max_manifest_bytes", [&] {
    SaveSession session = terse.begin_save("run");
    session.write(bytes_of(whole));
    session.commit();
  });
  auto after = tree(root);
  after.erase("lock");
  BOOST_TEST((after == before || after.size() + 1 == before.size()));
  BOOST_TEST(store.log().empty());
}

BOOST_AUTO_TEST_CASE(numbers_are_distinct_whoever_saves) {
  constexpr int each = 5;
  Store other = reopen();
  std::vector<std::thread> threads;
  for (Store* which : {&store, &store, &other}) {
    threads.emplace_back([which] {
      for (int i = 0; i < each; ++i) {
        SaveSession session = which->begin_save("run");
        session.write(bytes_of(pickle_of(std::to_string(i))));
        session.commit();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto snapshots = reopen().log();
  BOOST_TEST(snapshots.size() == 3u * each);
  for (std::size_t i = 0; i < snapshots.size(); ++i) {
    BOOST_TEST(snapshots[i].seq == snapshots.size() - i);
    if (i > 0) BOOST_TEST(snapshots[i - 1].parent == snapshots[i].id);
  }
  BOOST_TEST(pointer() == snapshots[0].id + "\n");
}

BOOST_AUTO_TEST_CASE(a_wrapper_around_a_pickle_is_taken_off) {
  const std::string payload = pickle_with_buffers({1000}) + pickle_of("two");
  for (const CodecId codec : {CodecId::gzip, CodecId::bzip2, CodecId::xz, CodecId::zstd}) {
    const fs::path file = directory / "model.pkl";
    write(file, packed(codec, payload));
    const Snapshot saved = store.save_file("run", file);
    BOOST_TEST(saved.format == "pickle");
    BOOST_TEST(store.show(saved.id).wrapper == info(codec).name);
    BOOST_TEST(load(saved.id) == payload);
    const Snapshot kept = store.save_file("run", file, {.as_is = true});
    BOOST_TEST(load(kept.id) == contents(file));
    BOOST_TEST(kept.format == info(codec).name);
  }
}

BOOST_AUTO_TEST_CASE(a_wrapper_around_anything_else_stays) {
  const fs::path file = directory / "notes.gz";
  const std::string half = whole.substr(0, whole.size() - 1);
  for (const std::string& inside : {std::string("Hello, world"), half}) {
    write(file, packed(CodecId::gzip, inside));
    expect_error(Errc::corrupt, "notes.gz", [&] { store.save_file("run", file); });
    const Snapshot saved = store.save_file("run", file, {.as_is = true});
    BOOST_TEST(load(saved.id) == contents(file));
    BOOST_TEST(store.show(saved.id).wrapper.empty());
  }
  const auto before = tree(root);
  cut(file, 3);
  expect_error(Errc::corrupt, "notes.gz", [&] { store.save_file("run", file); });
  expect_error(Errc::not_found, "nowhere", [&] { store.save_file("run", directory / "nowhere"); });
  expect_error(Errc::environment, "not a regular file", [&] { store.save_file("run", root); });
  BOOST_TEST((tree(root) == before));
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_be_written_says_so_and_is_read) {
  save(whole);
  ::chmod(directory.path().c_str(), 0755);
  ::chmod(root.c_str(), 0555);
  BOOST_TEST(as_nobody([&] {
    Store readers = Store::open(root);
    Kept target;
    readers.load("run", target);
    if (target.text != whole) return 1;
    try {
      readers.begin_save("run");
    } catch (const Error& error) {
      return error.code() == Errc::environment ? 0 : 1;
    }
    return 1;
  }));
  ::chmod(root.c_str(), 0755);
}

BOOST_AUTO_TEST_SUITE_END()
