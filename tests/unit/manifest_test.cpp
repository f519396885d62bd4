#include "store/manifest.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

#include "base/names.hpp"
#include "store/layout.hpp"
#include "support/expect.hpp"

using namespace brine;
using namespace brine::store;
using brine::test::expect_error;
using Json = nlohmann::json;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

pack::Block block(std::uint64_t offset, std::uint64_t bytes, std::uint64_t stored_offset,
                  std::uint64_t stored_bytes) {
  return {offset,
          bytes,
          stored_offset,
          stored_bytes,
          digest::xxh128(bytes_of("raw")),
          digest::xxh128(bytes_of("stored"))};
}

Manifest everything() {
  Manifest manifest;
  manifest.snapshot = {
      .line = "run-1.b",
      .seq = 7,
      .parent = std::string(64, 'a'),
      .created = "2026-05-04T03:02:01.123Z",
      .step = -3,
      .metrics = {{"acc", 0.1}, {"down", -infinity}, {"nan", nan}, {"up", infinity}},
      .tags = {"a", "b"},
      .payload_bytes = 30,
      .stored_bytes = 12,
      .codec = {CodecId::xz, 6},
      .format = "pickle",
      .protocol = 5,
      .origin = Origin::object,
      .verdict = Verdict::unknown,
      .state = State::good};
  manifest.store = std::string(32, 'b');
  manifest.pack = std::string(32, 'c');
  manifest.wrapper = "gzip";
  manifest.payload_digest = digest::xxh128(bytes_of("payload"));
  manifest.blocks = {block(0, 10, 0, 5), block(10, 20, 5, 7)};
  manifest.buffers = {{10, 20}};
  manifest.scan.complete = true;
  manifest.scan.opcodes = 99;
  manifest.scan.pickles = 2;
  manifest.scan.verdict = Verdict::unknown;
  manifest.scan.symbols = {{{"m", "A.b"}, 3}, {{"m\\x00", "caf\xc3\xa9"}, 1}};
  manifest.scan.findings = {{Verdict::unknown, 4, "m:A.b is on no list"}};
  manifest.steps = {{"project", 3}};
  return manifest;
}

Json json_of(const Manifest& manifest) { return Json::parse(encode(manifest)); }
Manifest decode(const std::string& text) { return decode_manifest(text, {}); }

void expect_corrupt(const Json& json, std::string_view words = "the manifest") {
  expect_error(Errc::corrupt, words, [&] { decode(json.dump()); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(manifest)

BOOST_AUTO_TEST_CASE(everything_comes_back) {
  const Manifest before = everything();
  const Manifest after = decode(encode(before));
  BOOST_TEST(after.snapshot.id.empty());
  BOOST_TEST(after.snapshot.line == before.snapshot.line);
  BOOST_TEST(after.snapshot.seq == 7u);
  BOOST_TEST(after.snapshot.step.value() == -3);
  BOOST_TEST(after.snapshot.metrics.at("acc") == 0.1);
  BOOST_TEST(std::isnan(after.snapshot.metrics.at("nan")));
  BOOST_TEST(after.snapshot.metrics.at("up") == infinity);
  BOOST_TEST(after.snapshot.metrics.at("down") == -infinity);
  BOOST_TEST((after.snapshot.codec == before.snapshot.codec));
  BOOST_TEST((after.snapshot.origin == Origin::object));
  BOOST_TEST((after.snapshot.state == State::good));
  BOOST_TEST((after.snapshot.verdict == Verdict::unknown));
  BOOST_TEST((after.scan.symbols == before.scan.symbols));
  BOOST_TEST((after.scan.findings == before.scan.findings));
  BOOST_TEST((after.payload_digest == before.payload_digest));
  BOOST_TEST((after.steps == before.steps));
  BOOST_TEST(encode(after) == encode(before));
}

BOOST_AUTO_TEST_CASE(an_empty_payload_has_neither_blocks_nor_pack) {
  Manifest manifest;
  manifest.snapshot.line = "run";
  manifest.snapshot.seq = 1;
  manifest.store = std::string(32, 'b');
  BOOST_TEST(encode(decode(encode(manifest))) == encode(manifest));
  BOOST_TEST(!decode(encode(manifest)).snapshot.step.has_value());
}

BOOST_AUTO_TEST_CASE(the_same_content_is_the_same_text) {
  const std::string text = encode(everything());
  BOOST_TEST(encode(everything()) == text);
  BOOST_TEST(text.find(' ', text.find("\"symbols\"")) == std::string::npos);
  BOOST_TEST(text.find('\n') == text.size() - 1);
  BOOST_TEST(Json::parse(text).dump() + "\n" == text);
}

BOOST_AUTO_TEST_CASE(every_key_is_needed) {
  const Json whole = json_of(everything());
  for (const auto& [key, value] : whole.items()) {
    Json json = whole;
    json.erase(key);
    expect_corrupt(json, key);
    if (!value.is_object() || key == "metrics" || key == "steps") continue;
    for (const auto& [inner, unused] : value.items()) {
      Json without = whole;
      without[key].erase(inner);
      expect_corrupt(without, inner);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_value_has_its_type) {
  const Json whole = json_of(everything());
  const std::vector<Json> kinds{nullptr, true, -1, 0.5, "a b\n", Json::array({1}), {{"k", "v w"}}};
  for (const auto& [key, value] : whole.items()) {
    for (const Json& other : kinds) {
      const bool is_right = other.type() == value.type() ||
                            (key == "step" && other.is_number_integer()) ||
                            (key == "step" && other.is_null());
      if (is_right && !other.is_string() && !other.is_array() && !other.is_object()) continue;
      Json json = whole;
      json[key] = other;
      expect_corrupt(json);
    }
  }
}

BOOST_AUTO_TEST_CASE(values_out_of_range_are_corrupt) {
  struct Row {
    const char* pointer;
    Json value;
    std::string_view words;
  };
  const std::vector<Row> rows{
      {"/brine", 0, "version 0"},
      {"/seq", 0, "the number 0"},
      {"/seq", ~0ULL, "absurd"},
      {"/step", ~0ULL, "step"},
      {"/line", "../x", "no name"},
      {"/line", "", "no name"},
      {"/tags/0", "a/b", "a tag"},
      {"/metrics/acc", "0.5", "metric"},
      {"/metrics/a b", 1, "metric"},
      {"/parent", std::string(64, 'A'), "\"parent\""},
      {"/parent", "abc", "\"parent\""},
      {"/store", "", "\"store\""},
      {"/store", std::string(32, '/'), "\"store\""},
      {"/pack/id", "../../etc", "\"id\""},
      {"/pack/id", "", "without a pack"},
      {"/codec", "brotli", "codec"},
      {"/codec", "zstd:99", "level"},
      {"/origin", "elsewhere", "origin"},
      {"/state", "perfect", "state"},
      {"/format", "\x1b[31m", "cannot be printed"},
      {"/wrapper", "\x1b[31m", "cannot be printed"},
      {"/created", "a\nb", "cannot be printed"},
      {"/scan/verdict", "nice", "verdict"},
      {"/scan/complete", "true", "neither"},
      {"/scan/symbols/0/0", "\x1b", "cannot be printed"},
      {"/scan/symbols/0/2", -1, "count"},
      {"/scan/findings/0/0", "nice", "verdict"},
      {"/scan/findings/0/2", "\x1b", "cannot be printed"},
      {"/steps/a b", 1, "step"},
      {"/steps/project", "3", "step"},
      {"/payload/xxh3", "123", "digest"},
      {"/buffers/0/0", 31, "outside the payload"},
      {"/buffers/0/1", 21, "outside the payload"},
      {"/buffers/0", Json::array({1}), "buffers"},
  };
  for (const Row& row : rows) {
    Json json = json_of(everything());
    json[Json::json_pointer(row.pointer)] = row.value;
    expect_corrupt(json, row.words);
  }
}

BOOST_AUTO_TEST_CASE(blocks_cover_payload_and_pack_without_gaps) {
  struct Row {
    int row, column;
    Json value;
    std::string_view words;
  };
  const std::vector<Row> rows{
      {0, 0, 1, "no whole block at byte 0"},
      {1, 0, 9, "no whole block at byte 10"},
      {1, 0, 11, "no whole block at byte 10"},
      {0, 1, 0, "no whole block"},
      {0, 1, pack::max_block_bytes + 1, "no whole block"},
      {1, 1, 19, "do not cover the payload"},
      {1, 2, 6, "a gap at byte 5"},
      {1, 3, 6, "do not cover the pack"},
      {1, 3, ~0ULL, "absurd"},
      {0, 4, 1, "without digests"},
      {0, 5, "0", "digest"},
  };
  for (const Row& row : rows) {
    Json json = json_of(everything());
    json["blocks"][row.row][row.column] = row.value;
    expect_corrupt(json, row.words);
  }
  Json json = json_of(everything());
  json["blocks"][1].push_back(1);
  expect_corrupt(json, "6 columns");
  json["blocks"] = Json::array();
  expect_corrupt(json, "do not cover the payload");
}

BOOST_AUTO_TEST_CASE(a_newer_version_is_unsupported_whatever_else_it_says) {
  expect_error(Errc::unsupported, "version 2, this brine knows 1",
               [] { decode(R"({"brine":2})"); });
}

BOOST_AUTO_TEST_CASE(what_is_no_manifest_is_corrupt) {
  for (const char* text :
       {"", "{", "[]", "1", "null", "{}", "{\"brine\":\"1\"}", "\xff", "1e999"}) {
    expect_error(Errc::corrupt, "the manifest", [&] { decode(text); });
  }
  const std::string text = encode(everything());
  for (std::size_t bytes = 0; bytes + 1 < text.size(); ++bytes) {
    expect_error(Errc::corrupt, "the manifest", [&] { decode(text.substr(0, bytes)); });
  }
  expect_error(Errc::corrupt, "nests deeper", [] { decode(std::string(1 << 20, '[')); });
  expect_error(Errc::limit, "max_manifest_bytes",
               [] { decode_manifest(std::string(11, ' '), {.max_manifest_bytes = 10}); });
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(store_file)

BOOST_AUTO_TEST_CASE(it_comes_back) {
  const StoreFile file{std::string(32, 'a'),
                       {.codec = {CodecId::none, 0}, .on_fallback = "mail \"x\""}};
  const StoreFile after = decode_store_file(encode(file, "2026-05-04T03:02:01.123Z"));
  BOOST_TEST(after.id == file.id);
  BOOST_TEST((after.options.codec == file.options.codec));
  BOOST_TEST(after.options.on_fallback == file.options.on_fallback);
}

BOOST_AUTO_TEST_CASE(what_is_none_is_corrupt_and_a_newer_one_unsupported) {
  const std::string good = encode(StoreFile{std::string(32, 'a'), {}}, "now");
  for (const char* key : {"brine", "store", "codec", "on_fallback"}) {
    for (const Json& value : {Json(), Json("x y"), Json(-1), Json(Json::array())}) {
      Json json = Json::parse(good);
      json[key] = value;
      if (std::string_view(key) == "on_fallback" && value.is_string()) continue;
      expect_error(Errc::corrupt, "brine.json is damaged", [&] { decode_store_file(json.dump()); });
    }
  }
  expect_error(Errc::corrupt, "brine.json is damaged", [] { decode_store_file("{"); });
  expect_error(Errc::unsupported, "format version 2", [] { decode_store_file(R"({"brine":2})"); });
}

BOOST_AUTO_TEST_CASE(paths_are_fanned_out_by_the_front_of_the_id) {
  const Layout layout("/s");
  BOOST_TEST(layout.manifest("abcd") == "/s/snapshots/ab/abcd.json");
  BOOST_TEST(layout.pack("abcd", {CodecId::none, 0}) == "/s/packs/ab/abcd.bin");
  BOOST_TEST(layout.table("shop", 3) == "/s/tables/shop/000003.toml");
  BOOST_TEST(layout.inside(layout.good("run")) == "good/run");
}

BOOST_AUTO_TEST_SUITE_END()
