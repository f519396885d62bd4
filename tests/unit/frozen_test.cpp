// What brine 0.1.0 wrote is read forever. See tests/fixtures/README.md.
#include <cmath>

#include "support/store.hpp"

using namespace brine;
using namespace brine::test;

namespace {

struct Frozen {
  Frozen() : root(directory / "store") {
    fs::copy(fs::path(BRINE_FIXTURES) / "store-v1", root, fs::copy_options::recursive);
  }

  std::string load(std::string_view ref, const LoadOptions& options = {}) const {
    Kept target;
    Store::open(root).load(ref, target, options);
    return target.text;
  }

  TemporaryDirectory directory;
  fs::path root;
};

// What the script in the README pickles, but for its state.
bool begins_with_class(std::string_view payload, std::string_view protocol, std::string_view name) {
  return payload.starts_with("\x80" + std::string(protocol) + "c" + std::string(name) +
                             "\nNet\n)\x81");
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(format_1, Frozen)

BOOST_AUTO_TEST_CASE(a_store_of_version_1_is_indexed_and_whole) {
  const ReindexReport report = Store::reindex(root);
  BOOST_TEST(report.snapshots == 3u);
  BOOST_TEST(report.problems.empty());
  const VerifyReport verified = Store::open(root).verify();
  BOOST_TEST(verified.problems.empty());
  BOOST_TEST(verified.blocks == 3u);
}

BOOST_AUTO_TEST_CASE(what_was_known_of_its_snapshots_still_is) {
  Store::reindex(root);
  const Store store = Store::open(root);
  const SnapshotDetail first = store.show("run:1");
  BOOST_TEST(first.snapshot.id ==
             "9244f6612cb94adb26bbd4866082a4641e67d904b2ca3ed78430eb998a8b2266");
  BOOST_TEST(first.snapshot.created == "2026-11-20T20:26:52.662Z");
  BOOST_TEST(first.snapshot.payload_bytes == 115299u);
  BOOST_TEST(first.snapshot.protocol == 2);
  BOOST_TEST(std::isnan(first.snapshot.metrics.at("acc")));
  BOOST_TEST(first.symbols.size() == 2u);
  BOOST_TEST(first.steps.empty());
  const SnapshotDetail second = store.show("run@keep");
  BOOST_TEST(second.snapshot.parent == first.snapshot.id);
  BOOST_TEST((second.snapshot.codec == Codec{CodecId::gzip, 6}));
  BOOST_TEST(second.snapshot.step.value() == 200);
  BOOST_TEST(second.buffers.at(0).bytes == 76800u);
  BOOST_TEST(second.steps.at("shop") == 1u);
  const SnapshotDetail third = store.show("run@latest");
  BOOST_TEST(third.wrapper == "gzip");
  BOOST_TEST(std::isinf(third.snapshot.metrics.at("loss")));
  BOOST_TEST((third.snapshot.state == State::good));
  BOOST_TEST(contents(root / "good" / "run") == third.snapshot.id + "\n");
}

BOOST_AUTO_TEST_CASE(its_payloads_load_as_they_were_and_migrated) {
  Store::reindex(root);
  BOOST_TEST(begins_with_class(load("run:1"), "\x02", "shop.nets"));
  BOOST_TEST(begins_with_class(load("run:1", {.migrate = Migrate::never}), "\x02", "shop.models"));
  for (const char* ref : {"run:2", "run:3"}) {  // saved after the table
    BOOST_TEST(begins_with_class(load(ref), "\x05", "shop.models"));
  }
  std::string weights;
  for (int i = 0; i < 300 * 256; ++i) weights += static_cast<char>(i % 256);
  BOOST_TEST((load("run:3").find(weights) == 49));
}

BOOST_AUTO_TEST_CASE(it_takes_another_snapshot) {
  Store::reindex(root);
  Store store = Store::open(root);
  SaveSession session = store.begin_save("run");
  session.write(bytes_of(pickle_of("x")));
  BOOST_TEST(session.commit().seq == 4u);
  BOOST_TEST(store.verify().problems.empty());
}

BOOST_AUTO_TEST_SUITE_END()
