#include <atomic>
#include <thread>

#include "io/lock.hpp"
#include "support/store.hpp"

using namespace brine;
using namespace brine::test;

BOOST_AUTO_TEST_SUITE(making)

BOOST_AUTO_TEST_CASE(a_store_is_made_in_an_empty_place_only) {
  const TemporaryDirectory directory;
  const fs::path root = directory / "a" / "b";
  Store::create(root, {.codec = {CodecId::xz, 2}, .on_fallback = "true"});
  BOOST_TEST(Store::open(root).options().codec.level == 2);
  BOOST_TEST(Store::open(root).options().on_fallback == "true");
  expect_error(Errc::exists, "is a store already", [&] { Store::create(root); });
  expect_error(Errc::exists, "is not empty and no store", [&] { Store::create(directory.path()); });
  expect_error(Errc::not_found, "there is no store in", [&] { Store::open(directory.path()); });
  write(directory / "file", "x");
  expect_error(Errc::environment, "", [&] { Store::create(directory / "file"); });
}

BOOST_AUTO_TEST_CASE(what_could_not_be_read_back_is_not_made) {
  const TemporaryDirectory directory;
  const fs::path root = directory / "store";
  expect_error(Errc::usage, "level", [&] { Store::create(root, {.codec = {CodecId::zstd, 99}}); });
  expect_error(Errc::usage, "alert command", [&] { Store::create(root, {.on_fallback = "\xff"}); });
  BOOST_TEST(!fs::exists(root));
}

BOOST_AUTO_TEST_CASE(of_many_that_make_one_store_one_does) {
  const TemporaryDirectory directory;
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      try {
        Store::create(directory / "store");
        ++made;
      } catch (const Error& error) {
        if (error.code() != Errc::exists) made += 100;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(made == 1);
  BOOST_TEST(Store::open(directory / "store").log().empty());
}

BOOST_AUTO_TEST_CASE(the_nearest_store_above_is_found) {
  const TemporaryDirectory directory;
  const fs::path below = directory / "a" / "b";
  fs::create_directories(below);
  BOOST_TEST(!Store::find(below).has_value());
  Store::create(directory / ".brine");
  const fs::path found = fs::canonical(directory / ".brine");
  BOOST_TEST(Store::find(below).value() == found);
  BOOST_TEST(Store::find(below / "not there").value() == found);
  Store::create(directory / "a" / ".brine");
  BOOST_TEST(Store::find(below / ".." / "..").value() == found);
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_FIXTURE_TEST_SUITE(opening, StoreFixture)

BOOST_AUTO_TEST_CASE(a_newer_store_is_unsupported_and_a_damaged_one_corrupt) {
  const fs::path file = root / "brine.json";
  const std::string good = contents(file);
  std::string newer = good;
  newer.replace(newer.find("\"brine\": 1"), 10, "\"brine\": 2");
  write(file, newer);
  expect_error(Errc::unsupported, "format version 2", [&] { reopen(); });
  write(file, good.substr(0, good.size() / 2));
  expect_error(Errc::corrupt, "brine.json is damaged", [&] { reopen(); });
  write(file, std::string(2 << 20, ' '));
  expect_error(Errc::limit, "brine.json", [&] { reopen(); });
  write(file, good);
  BOOST_TEST(reopen().log().empty());
}

BOOST_AUTO_TEST_CASE(questions_about_what_is_not_there_are_answered_with_a_hint) {
  save(pickle_of("x"));
  expect_error(Errc::not_found, "did you mean run?", [&] { store.log({.line = "rum"}); });
  expect_error(Errc::not_found, "no snapshot 2", [&] { store.show("run:2"); });
  BOOST_TEST(store.log({.tag = "none"}).empty());
  BOOST_TEST(store.log({.line = "run", .limit = 1}).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_missing_catalog_is_told_when_it_is_needed) {
  save(pickle_of("x"));
  store = Store::open(root);
  fs::remove(root / "catalog.sqlite");
  const Store other = reopen();
  expect_error(Errc::not_found, "catalog.sqlite", [&] { other.log(); });
  Store::reindex(root);
  BOOST_TEST(other.log().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_save_waits_for_the_lock_and_leaves_nothing_when_it_is_busy) {
  Store hasty = Store::open(root, {.lock_timeout_ms = 0});
  {
    SaveSession session = hasty.begin_save("run");
    session.write(bytes_of(pickle_of("x")));
    const io::FileLock lock(root / "lock", io::Hold::exclusive, std::chrono::milliseconds(0));
    const auto before = tree(root);
    expect_error(Errc::busy, "cannot lock", [&] { session.commit(); });
    BOOST_TEST((tree(root) == before));
  }
  BOOST_TEST(store.log().empty());
}

BOOST_AUTO_TEST_SUITE_END()
