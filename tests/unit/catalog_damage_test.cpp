#include <array>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/schema.hpp"
#include "catalog_support.hpp"

using namespace brine;
using namespace brine::catalog;
using namespace brine::test;

namespace {

Entry rich_entry(std::uint64_t seq) {
  Entry rich = entry("run", seq, State::good);
  rich.snapshot.step = 100;
  rich.snapshot.metrics = {{"loss", 0.5}};
  rich.snapshot.tags = {"paper"};
  rich.symbols = {{{"torch", "Tensor"}, seq}};
  rich.steps = {{"torch", seq}};
  return rich;
}

struct Fixture {
  TemporaryDirectory directory;
  std::filesystem::path path = directory / "catalog.sqlite";
  std::string sound;

  Fixture() {
    Catalog catalog = create(path);
    auto transaction = catalog.begin();
    for (std::uint64_t seq = 1; seq <= 5; ++seq) catalog.insert(rich_entry(seq));
    catalog.insert_table({.name = "torch", .version = 1, .toml = "[table]"});
    catalog.add_event({.time = "2026", .kind = "fallback", .json = "{}"});
    transaction.commit();
    sound = read_file(path);
  }

  void expect_unusable(Errc code, std::string_view words, const std::string& bytes) {
    write_file(path, bytes);
    const auto before = listing(directory.path());
    for (const Access access : {Access::read_only, Access::read_write}) {
      expect_error(code, words, [&] { test::open(path, access).log({}); });
      BOOST_TEST((listing(directory.path()) == before));
    }
  }
};

// Header fields of the file format, 4 bytes each, most significant first.
constexpr std::size_t user_version_at = 60;
constexpr std::size_t application_id_at = 68;

std::string with(std::string bytes, std::size_t at, char value) {
  bytes[at] = value;
  return bytes;
}

// Every kind of call, so that every page is read; then one that writes, taken back.
void use_everything(const std::filesystem::path& path) {
  Catalog catalog = test::open(path);
  for (const Snapshot& snapshot : catalog.log({})) {
    catalog.symbols(snapshot.id);
    catalog.steps(snapshot.id);
  }
  catalog.by_prefix("0");
  catalog.latest("run", State::good);
  catalog.by_step("run", 100);
  catalog.by_tag("run", "paper");
  catalog.best("run", "loss", Catalog::Best::lowest);
  catalog.lines();
  catalog.tables();
  catalog.saved_before("torch", 4);
  catalog.events(0);
  catalog.check();
  const auto transaction = catalog.begin();
  catalog.insert(rich_entry(catalog.next_seq("run")));
}

std::vector<std::string> schema_of(const std::filesystem::path& path) {
  Database database = Database::open(path, Access::read_only, patience);
  Use rows = database.use("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name");
  std::vector<std::string> all;
  while (rows.next()) all.emplace_back(rows.text(0));
  return all;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(catalog_damage, Fixture)

BOOST_AUTO_TEST_CASE(what_is_no_database_is_corrupt_and_stays_as_it_is) {
  expect_unusable(Errc::corrupt, "no SQLite database", "garbage");
  expect_unusable(Errc::corrupt, "no SQLite database", std::string(10'000, 'x'));
  expect_unusable(Errc::corrupt, "no catalog of brine", "");
}

BOOST_AUTO_TEST_CASE(a_truncated_catalog_is_corrupt) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{15}, std::size_t{90},
                                 std::size_t{511}, std::size_t{4096}, sound.size() / 2,
                                 sound.size() - 4096}) {
    write_file(path, sound.substr(0, size));
    expect_error(Errc::corrupt, "catalog", [&] { use_everything(path); });
  }
}

BOOST_AUTO_TEST_CASE(damage_says_how_to_mend_it) {
  write_file(path, "garbage");
  try {
    test::open(path);
    BOOST_ERROR("nothing was thrown");
  } catch (const Error& error) {
    BOOST_TEST(error.hint() == "brine reindex");
  }
}

// All of the header and of the first page's schema, then a stride that is prime to the page size.
BOOST_AUTO_TEST_CASE(a_flipped_byte_works_or_throws_a_listed_error) {
  std::size_t thrown = 0;
  std::size_t tried = 0;
  for (std::size_t at = 0; at < sound.size(); at += at < 200 ? 1 : 101) {
    write_file(path, with(sound, at, static_cast<char>(~sound[at])));
    ++tried;
    try {
      use_everything(path);
    } catch (const Error& error) {
      ++thrown;
      BOOST_TEST((error.code() == Errc::corrupt || error.code() == Errc::unsupported ||
                  error.code() == Errc::exists),
                 "byte " << at << ": " << info(error.code()).name << ": " << error.what());
    }
  }
  BOOST_TEST(thrown > 0u);
  BOOST_TEST(thrown < tried);
}

BOOST_AUTO_TEST_CASE(what_check_finds_is_told) {
  BOOST_TEST(test::open(path).check().empty());
  Database database = Database::open(path, Access::read_write, patience);
  database.run_script("PRAGMA foreign_keys = OFF; DELETE FROM snapshots WHERE seq = 1");
  const auto wrong = test::open(path).check();
  BOOST_REQUIRE(!wrong.empty());
  BOOST_TEST(wrong[0].find("a row of snapshots that is not there") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_word_or_codec_that_brine_does_not_know_is_corrupt) {
  constexpr std::array changes{
      std::pair{"UPDATE snapshots SET state = 'excellent'", "expected a state"},
      std::pair{"UPDATE snapshots SET codec = 'brotli:3', state = 'good'", "expected a codec"},
      std::pair{"UPDATE snapshots SET codec = 'zstd:3', seq = -seq", "column seq holds '-"},
      std::pair{"UPDATE snapshots SET seq = -seq, line = '../x'", "no name"}};
  for (const auto& [sql, words] : changes) {
    Database::open(path, Access::read_write, patience).run_script(sql);
    expect_error(Errc::corrupt, words, [&] { test::open(path).log({}); });
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_FIXTURE_TEST_SUITE(catalog_schema, Fixture)

BOOST_AUTO_TEST_CASE(a_newer_schema_is_unsupported_and_untouched) {
  expect_unusable(Errc::unsupported, "schema version 77, this one knows versions up to 1",
                  with(sound, user_version_at + 3, 77));
}

BOOST_AUTO_TEST_CASE(a_schema_version_that_never_was_is_corrupt) {
  expect_unusable(Errc::corrupt, "schema version 0, expected 1",
                  with(sound, user_version_at + 3, 0));
  expect_unusable(Errc::corrupt, "expected 1", with(sound, user_version_at, '\x80'));
}

BOOST_AUTO_TEST_CASE(the_database_of_another_program_is_corrupt) {
  expect_unusable(Errc::corrupt, "application id 0x6272697a, expected 0x6272696e",
                  with(sound, application_id_at + 3, 'z'));
}

BOOST_AUTO_TEST_CASE(creating_over_anything_but_an_empty_file_is_refused) {
  for (const std::string& content : {sound, std::string("garbage")}) {
    write_file(path, content);
    expect_error(Errc::exists, "catalog.sqlite", [&] { create(path); });
    BOOST_TEST((read_file(path) == content));
  }
  write_file(path, "");
  create(path).insert(entry("run", 1));
}

BOOST_AUTO_TEST_CASE(of_two_that_create_at_once_the_second_is_refused) {
  std::filesystem::remove(path);
  Database first = Database::open(path, Access::create, patience);
  Database second = Database::open(path, Access::create, patience);
  schema::create(first);
  expect_error(Errc::exists, "there already", [&] { schema::create(second); });
}

BOOST_AUTO_TEST_CASE(steps_are_numbered_without_gaps) {
  std::size_t number = 0;
  for (const base::EmbeddedFile& step : schema::files) {
    BOOST_TEST(step.name.starts_with(fmt::format("{:04}_", ++number)));
    BOOST_TEST(step.name.ends_with(".sql"));
  }
  BOOST_TEST(number > 0u);
}

constexpr base::EmbeddedFile next_step{"next", "ALTER TABLE events ADD COLUMN host TEXT;"
                                               "CREATE INDEX events_by_kind ON events (kind);"};
constexpr base::EmbeddedFile broken_step{"broken", "CREATE TABLE half (x INTEGER) STRICT;"
                                                   "CREATE TABLE half (x INTEGER) STRICT;"};

BOOST_AUTO_TEST_CASE(an_upgraded_catalog_equals_a_fresh_one) {
  std::vector<base::EmbeddedFile> steps(schema::files.begin(), schema::files.end());
  steps.push_back(next_step);
  {
    Database fresh = Database::open(directory / "fresh.sqlite", Access::create, patience);
    schema::create(fresh, steps);
    Database old = Database::open(path, Access::read_write, patience);
    schema::upgrade(old, Access::read_write, steps);
    schema::upgrade(old, Access::read_write, steps);
  }
  BOOST_TEST(schema_of(path) == schema_of(directory / "fresh.sqlite"),
             boost::test_tools::per_element());
  BOOST_TEST(read_file(path)[user_version_at + 3] == static_cast<char>(steps.size()));
}

BOOST_AUTO_TEST_CASE(an_upgrade_that_fails_leaves_the_old_schema) {
  std::vector<base::EmbeddedFile> steps(schema::files.begin(), schema::files.end());
  steps.push_back(next_step);
  steps.push_back(broken_step);
  Database old = Database::open(path, Access::read_write, patience);
  expect_error(Errc::internal, "half", [&] { schema::upgrade(old, Access::read_write, steps); });
  BOOST_TEST((read_file(path) == sound));
  BOOST_TEST(test::open(path).log({}).size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_reader_does_not_upgrade) {
  std::vector<base::EmbeddedFile> steps(schema::files.begin(), schema::files.end());
  steps.push_back(next_step);
  Database reader = Database::open(path, Access::read_only, patience);
  expect_error(Errc::unsupported, "may not be written",
               [&] { schema::upgrade(reader, Access::read_only, steps); });
  BOOST_TEST((read_file(path) == sound));
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_FIXTURE_TEST_SUITE(catalog_read_only, Fixture)

BOOST_AUTO_TEST_CASE(a_reader_writes_nothing) {
  const auto before = listing(directory.path());
  {
    Catalog reader = test::open(path, Access::read_only);
    BOOST_TEST(reader.log({}).size() == 5u);
    BOOST_TEST(reader.check().empty());
    BOOST_TEST((listing(directory.path()) == before));
    expect_error(Errc::environment, "readonly", [&] { reader.insert(entry("run", 9)); });
  }
  BOOST_TEST((listing(directory.path()) == before));
}

// A journal whose header was synced is one that must be played back: the writer died in its commit.
BOOST_AUTO_TEST_CASE(a_reader_leaves_an_interrupted_write_to_a_writer) {
  write_file(directory / "catalog.sqlite-journal",
             std::string("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8) + std::string(504, '\0'));
  const auto before = listing(directory.path());
  expect_error(Errc::environment, "a write was interrupted",
               [&] { test::open(path, Access::read_only); });
  BOOST_TEST((listing(directory.path()) == before));
  BOOST_TEST(test::open(path).log({}).size() == 5u);
  BOOST_TEST(test::open(path, Access::read_only).log({}).size() == 5u);
  BOOST_TEST((read_file(path) == sound));
}

BOOST_AUTO_TEST_SUITE_END()
