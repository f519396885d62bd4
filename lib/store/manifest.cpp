#include "store/manifest.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <utility>

#include "base/arithmetic.hpp"
#include "base/names.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"

namespace brine::store {
namespace {

using Json = nlohmann::json;

// The catalog keeps 63 bits, and a line goes on counting from its highest number.
constexpr std::uint64_t largest_number = (1ULL << 62);

[[noreturn]] void wrong(const std::string& what) {
  throw Error(Errc::corrupt, "the manifest " + what);
}

// JSON has no NaN and no infinities.
Json encode_metric(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

double decode_metric(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (value == "Infinity") return std::numeric_limits<double>::infinity();
  if (value == "-Infinity") return -std::numeric_limits<double>::infinity();
  wrong("has a metric that is no number");
}

const Json& at(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key)) wrong(fmt::format("has no \"{}\"", key));
  return object.at(key);
}

// What goes to a terminal or a log one day is escaped in manifests, and stays so.
std::string printable_at(const Json& value, const char* what) {
  if (!value.is_string()) wrong(fmt::format("has a {} that is no text", what));
  std::string text = value.get<std::string>();
  if (base::printable(text) != text) wrong(fmt::format("has a {} that cannot be printed", what));
  return text;
}

std::uint64_t number(const Json& value, const char* what) {
  if (!value.is_number_unsigned()) wrong(fmt::format("has a {} that is no natural number", what));
  const auto parsed = value.get<std::uint64_t>();
  if (parsed > largest_number) wrong(fmt::format("has the absurd {} {}", what, parsed));
  return parsed;
}

std::string text_at(const Json& object, const char* key) {
  return printable_at(at(object, key), key);
}

bool flag_at(const Json& object, const char* key) {
  const Json& value = at(object, key);
  if (!value.is_boolean()) wrong(fmt::format("has a \"{}\" that is neither true nor false", key));
  return value.get<bool>();
}

std::uint64_t number_at(const Json& object, const char* key) {
  return number(at(object, key), key);
}

const Json& list_at(const Json& object, const char* key) {
  const Json& value = at(object, key);
  if (!value.is_array()) wrong(fmt::format("has a \"{}\" that is no list", key));
  return value;
}

const Json& row_of(const Json& row, std::size_t columns, const char* what) {
  if (!row.is_array() || row.size() != columns) {
    wrong(fmt::format("has a row of {} without {} columns", what, columns));
  }
  return row;
}

template <typename Value>
Value word_at(const Json& object, const char* key,
              std::optional<Value> (*parse)(std::string_view)) {
  const std::string word = text_at(object, key);
  const auto value = parse(word);
  if (!value) wrong(fmt::format("has an unknown {}: {}", key, base::printable(word)));
  return *value;
}

std::string name_at(const Json& object, const char* key) {
  std::string name = text_at(object, key);
  if (!base::is_name(name)) wrong(fmt::format("has a \"{}\" that is no name", key));
  return name;
}

std::string id_at(const Json& object, const char* key, std::size_t digits) {
  std::string id = text_at(object, key);
  if (id.size() != digits || !base::from_hex(id)) {
    wrong(fmt::format("has a \"{}\" that is no id", key));
  }
  return id;
}

std::string id_or_empty_at(const Json& object, const char* key, std::size_t digits) {
  return at(object, key) == "" ? std::string() : id_at(object, key, digits);
}

Json encode_scan(const ScanReport& scan) {
  Json symbols = Json::array();
  for (const SymbolCount& each : scan.symbols) {
    symbols.push_back({each.symbol.module, each.symbol.name, each.count});
  }
  Json findings = Json::array();
  for (const Finding& each : scan.findings) {
    findings.push_back({to_string(each.verdict), each.offset, base::printable(each.reason)});
  }
  return {{"complete", scan.complete}, {"findings", findings},
          {"opcodes", scan.opcodes},   {"pickles", scan.pickles},
          {"symbols", symbols},        {"verdict", to_string(scan.verdict)}};
}

void decode_scan(const Json& scan, Manifest& manifest) {
  ScanReport& report = manifest.scan;
  report.complete = flag_at(scan, "complete");
  report.opcodes = number_at(scan, "opcodes");
  report.pickles = number_at(scan, "pickles");
  report.verdict = word_at(scan, "verdict", base::parse_verdict);
  for (const Json& row : list_at(scan, "symbols")) {
    row_of(row, 3, "symbols");
    report.symbols.push_back(
        {{printable_at(row[0], "module"), printable_at(row[1], "name")}, number(row[2], "count")});
  }
  for (const Json& row : list_at(scan, "findings")) {
    row_of(row, 3, "findings");
    const auto verdict = base::parse_verdict(printable_at(row[0], "verdict"));
    if (!verdict) wrong("has a finding of an unknown verdict");
    report.findings.push_back({*verdict, number(row[1], "offset"), printable_at(row[2], "reason")});
  }
}

Json encode_blocks(const std::vector<pack::Block>& blocks) {
  Json rows = Json::array();
  for (const pack::Block& each : blocks) {
    rows.push_back({each.offset, each.bytes, each.stored_offset, each.stored_bytes,
                    each.raw_digest.hex(), each.stored_digest.hex()});
  }
  return rows;
}

void decode_blocks(const Json& rows, Manifest& manifest) {
  std::uint64_t offset = 0;
  std::uint64_t stored = 0;
  for (const Json& row : rows) {
    row_of(row, 6, "blocks");
    if (!row[4].is_string() || !row[5].is_string()) wrong("has a block without digests");
    const pack::Block block{number(row[0], "offset"),
                            number(row[1], "length"),
                            number(row[2], "offset"),
                            number(row[3], "length"),
                            digest::parse_xxh128(row[4].get<std::string>()),
                            digest::parse_xxh128(row[5].get<std::string>())};
    if (block.offset != offset || block.bytes == 0 || block.bytes > pack::max_block_bytes) {
      wrong(fmt::format("has no whole block at byte {} of the payload", offset));
    }
    if (block.stored_offset != stored)
      wrong(fmt::format("has a gap at byte {} of the pack", stored));
    offset = base::checked_add(offset, block.bytes, "the payload");
    stored = base::checked_add(stored, block.stored_bytes, "the pack");
    manifest.blocks.push_back(block);
  }
  if (offset != manifest.snapshot.payload_bytes) wrong("has blocks that do not cover the payload");
  if (stored != manifest.snapshot.stored_bytes) wrong("has blocks that do not cover the pack");
}

void decode_buffers(const Json& rows, Manifest& manifest) {
  for (const Json& row : rows) {
    row_of(row, 2, "buffers");
    const BufferInfo buffer{number(row[0], "offset"), number(row[1], "length")};
    const std::uint64_t all = manifest.snapshot.payload_bytes;
    if (buffer.offset > all || buffer.bytes > all - buffer.offset) {
      wrong("has a buffer outside the payload");
    }
    manifest.buffers.push_back(buffer);
  }
}

void decode_labels(const Json& json, Snapshot& snapshot) {
  const Json& step = at(json, "step");
  if (!step.is_null()) {
    const bool fits =
        step.is_number_integer() &&
        (!step.is_number_unsigned() || std::in_range<std::int64_t>(step.get<std::uint64_t>()));
    if (!fits) wrong("has a step that is no whole number of 64 bits");
    snapshot.step = step.get<std::int64_t>();
  }
  if (!at(json, "metrics").is_object()) wrong("has metrics that are no object");
  for (const auto& [name, value] : at(json, "metrics").items()) {
    if (!base::is_name(name)) wrong("has a metric that is no name");
    snapshot.metrics[name] = decode_metric(value);
  }
  for (const Json& tag : list_at(json, "tags")) {
    if (!tag.is_string() || !base::is_name(tag.get<std::string>()))
      wrong("has a tag that is no name");
    snapshot.tags.push_back(tag.get<std::string>());
  }
}

Manifest decode(const Json& json) {
  Manifest manifest;
  Snapshot& snapshot = manifest.snapshot;
  snapshot.line = name_at(json, "line");
  snapshot.seq = number_at(json, "seq");
  if (snapshot.seq == 0 || !std::in_range<std::int64_t>(snapshot.seq)) {
    wrong(fmt::format("has the number {}", snapshot.seq));
  }
  snapshot.parent = id_or_empty_at(json, "parent", 64);
  snapshot.created = text_at(json, "created");
  decode_labels(json, snapshot);
  snapshot.payload_bytes = number_at(at(json, "payload"), "bytes");
  manifest.payload_digest = digest::parse_xxh128(text_at(at(json, "payload"), "xxh3"));
  snapshot.stored_bytes = number_at(at(json, "pack"), "bytes");
  manifest.pack = id_or_empty_at(at(json, "pack"), "id", 32);
  snapshot.codec = parse_codec(text_at(json, "codec"));
  snapshot.format = text_at(json, "format");
  snapshot.protocol = static_cast<int>(std::min<std::uint64_t>(number_at(json, "protocol"), 255));
  snapshot.origin = word_at(json, "origin", base::parse_origin);
  snapshot.state = word_at(json, "state", base::parse_state);
  manifest.store = id_at(json, "store", 32);
  manifest.wrapper = text_at(json, "wrapper");
  decode_blocks(list_at(json, "blocks"), manifest);
  decode_buffers(list_at(json, "buffers"), manifest);
  decode_scan(at(json, "scan"), manifest);
  snapshot.verdict = manifest.scan.verdict;
  if (manifest.pack.empty() != manifest.blocks.empty()) {
    wrong("has blocks without a pack, or a pack without blocks");
  }
  if (!at(json, "steps").is_object()) wrong("has steps that are no object");
  for (const auto& [name, version] : at(json, "steps").items()) {
    if (!base::is_name(name)) wrong("has a step of a table that is no name");
    manifest.steps[name] = number(version, "step");
  }
  return manifest;
}

// A parsed value takes many times the two bytes that it is written with, and the reader of JSON is
// asked for a tree of them. Blocks of 4 TiB stay under these numbers.
void require_modest(std::string_view text) {
  constexpr std::size_t most_values = 8'000'000;
  constexpr int deepest = 16;
  std::size_t values = 0;
  int depth = 0;
  bool in_text = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      in_text = !in_text;
    } else if (in_text) {
      if (c == '\\') ++at;
    } else if (c == '[' || c == '{') {
      if (++depth > deepest) wrong("nests deeper than any manifest");
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && ++values > most_values) {
      wrong("has more values than any manifest");
    }
  }
}

}  // namespace

std::string encode(const Manifest& manifest) {
  const Snapshot& snapshot = manifest.snapshot;
  Json metrics = Json::object();
  for (const auto& [name, value] : snapshot.metrics) metrics[name] = encode_metric(value);
  Json buffers = Json::array();
  for (const BufferInfo& each : manifest.buffers) buffers.push_back({each.offset, each.bytes});
  const Json json{
      {"blocks", encode_blocks(manifest.blocks)},
      {"brine", manifest_version},
      {"buffers", buffers},
      {"codec", to_string(snapshot.codec)},
      {"created", snapshot.created},
      {"format", snapshot.format},
      {"line", snapshot.line},
      {"metrics", metrics},
      {"origin", to_string(snapshot.origin)},
      {"pack", {{"bytes", snapshot.stored_bytes}, {"id", manifest.pack}}},
      {"parent", snapshot.parent},
      {"payload", {{"bytes", snapshot.payload_bytes}, {"xxh3", manifest.payload_digest.hex()}}},
      {"protocol", snapshot.protocol},
      {"scan", encode_scan(manifest.scan)},
      {"seq", snapshot.seq},
      {"state", to_string(snapshot.state)},
      {"step", snapshot.step ? Json(*snapshot.step) : Json()},
      {"steps", manifest.steps},
      {"store", manifest.store},
      {"tags", snapshot.tags},
      {"wrapper", manifest.wrapper},
  };
  return json.dump() + "\n";
}

Manifest decode_manifest(std::string_view text, const Limits& limits) {
  base::require_within(text.size(), limits.max_manifest_bytes, "max_manifest_bytes");
  require_modest(text);
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) wrong("is no JSON");
  const std::uint64_t version = number_at(json, "brine");
  if (version == 0) wrong("has version 0");
  if (version > manifest_version) {
    throw Error(
        Errc::unsupported,
        fmt::format("the manifest has version {}, this brine knows {}", version, manifest_version),
        "install a newer brine");
  }
  try {
    return decode(json);
  } catch (const Error& error) {
    // A codec or level that does not exist is a wrong manifest here, not a wrong call.
    if (error.code() == Errc::usage) wrong(std::string("is wrong: ") + error.what());
    throw;
  }
}

}  // namespace brine::store
