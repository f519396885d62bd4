#include "store/layout.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "brine/error.hpp"

namespace brine::store {
namespace {

using Json = nlohmann::json;

path fan_out(const path& directory, std::string_view id, std::string_view suffix) {
  return directory / id.substr(0, 2) / fmt::format("{}.{}", id, suffix);
}

}  // namespace

path Layout::table(std::string_view name, std::uint64_t version) const {
  return tables() / name / fmt::format("{:06}.toml", version);
}

path Layout::manifest(std::string_view id) const { return fan_out(snapshots(), id, "json"); }

path Layout::pack(std::string_view id, const Codec& codec) const {
  return fan_out(packs(), id, info(codec.id).suffix);
}

std::string encode(const StoreFile& file, std::string_view created) {
  const Json json{{"brine", store_version},
                  {"codec", to_string(file.options.codec)},
                  {"created", created},
                  {"on_fallback", file.options.on_fallback},
                  {"store", file.id}};
  return json.dump(2) + "\n";
}

StoreFile decode_store_file(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const bool is_valid = json.is_object() && json.contains("brine") &&
                        json["brine"].is_number_unsigned() && json.contains("store") &&
                        json["store"].is_string() &&
                        json.value("codec", Json("zstd:3")).is_string() &&
                        json.value("on_fallback", Json("")).is_string();
  if (!is_valid) throw Error(Errc::corrupt, "brine.json is damaged: it is no description of a store");
  if (json["brine"] > store_version) {
    throw Error(Errc::unsupported,
                fmt::format("the store has format version {}, this brine knows {}",
                            json["brine"].get<std::uint64_t>(), store_version),
                "install a newer brine");
  }
  StoreFile file;
  file.id = json["store"].get<std::string>();
  if (file.id.size() != 32 || !base::from_hex(file.id)) {
    throw Error(Errc::corrupt, "brine.json is damaged: its store id is no id");
  }
  file.options.codec = parse_codec(json.value("codec", "zstd:3"));
  file.options.on_fallback = json.value("on_fallback", "");
  return file;
}

}  // namespace brine::store
