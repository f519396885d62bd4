#include "store/layout.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "brine/hint.hpp"
#include "io/file.hpp"

namespace brine::store {
namespace {

constexpr std::uint64_t max_store_file_bytes = 1ULL << 20;

using Json = nlohmann::json;

path fan_out(const path& directory, std::string_view id, std::string_view suffix) {
  return directory / id.substr(0, 2) / fmt::format("{}.{}", id, suffix);
}

void make_directory(const path& directory) {
  std::error_code failure;
  std::filesystem::create_directory(directory, failure);
  if (failure) io::throw_errno(failure.value(), "create", directory);
}

// All 256 at once, as restic does: a save then never has to make a directory durable first.
void make_fan_out(const path& directory) {
  make_directory(directory);
  for (int i = 0; i < 256; ++i) make_directory(directory / fmt::format("{:02x}", i));
  io::sync_directory(directory);
}

}  // namespace

path Layout::table(std::string_view name, std::uint64_t version) const {
  return tables() / name / fmt::format("{:06}.toml", version);
}

path Layout::manifest(std::string_view id) const { return fan_out(snapshots(), id, "json"); }

path Layout::pack(std::string_view id, const Codec& codec) const {
  return fan_out(packs(), id, info(codec.id).suffix);
}

void make_directories(const Layout& layout) {
  make_directory(layout.good());
  make_directory(layout.tables());
  make_fan_out(layout.packs());
  make_fan_out(layout.snapshots());
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
  const auto damaged = [](std::string_view why) {
    return Error(Errc::corrupt, fmt::format("brine.json is damaged: {}", why));
  };
  const Json json = Json::parse(text, nullptr, false);
  const Json none;
  const auto value = [&](const char* key) -> const Json& {
    return json.is_object() && json.contains(key) ? json[key] : none;
  };
  if (!value("brine").is_number_unsigned() || value("brine") == 0) {
    throw damaged("it has no format version");
  }
  // Before the rest: a newer format may say it in another way.
  if (value("brine") > store_version) {
    throw Error(Errc::unsupported,
                fmt::format("the store has format version {}, this brine knows {}",
                            value("brine").get<std::uint64_t>(), store_version),
                "brine version");
  }
  for (const char* key : {"store", "codec", "on_fallback"}) {
    if (!value(key).is_string()) throw damaged(fmt::format("\"{}\" is no text", key));
  }
  StoreFile file{.id = value("store")};
  if (file.id.size() != 32 || !base::from_hex(file.id)) throw damaged("its store id is no id");
  try {
    file.options.codec = parse_codec(value("codec").get<std::string>());
  } catch (const Error& error) {
    throw damaged(error.what());
  }
  file.options.on_fallback = value("on_fallback");
  return file;
}

StoreFile read_store_file(const Layout& layout) {
  const std::string root = base::printable(layout.root().string());
  const std::string mend = "brine reindex";
  try {
    return decode_store_file(text_of(io::read_file(layout.options(), max_store_file_bytes)));
  } catch (const Error& error) {
    if (error.code() == Errc::corrupt) throw Error(Errc::corrupt, error.what(), mend);
    std::error_code ignored;
    const auto status = std::filesystem::status(layout.root(), ignored);
    if (std::filesystem::exists(status) && !std::filesystem::is_directory(status)) {
      throw Error(Errc::not_found, fmt::format("there is no store in {}: it is no directory", root),
                  at_place("ls -la", layout.root()));
    }
    if (error.code() != Errc::not_found) throw;
    const bool was_store = std::filesystem::exists(layout.snapshots(), ignored);
    throw Error(Errc::not_found,
                was_store ? fmt::format("the store in {} has lost its brine.json", root)
                          : fmt::format("there is no store in {}", root),
                was_store ? mend : fmt::format("brine init {}", shell_word(root)));
  }
}

}  // namespace brine::store
