// Payloads as JSON.
#include <fmt/format.h>

#include "base/text.hpp"
#include "brine/convert.hpp"
#include "brine/error.hpp"
#include "brine/hint.hpp"
#include "io/file.hpp"
#include "pickle/graph_json.hpp"
#include "store/graphs.hpp"
#include "store/members.hpp"

namespace brine {
namespace {

std::uint64_t write_lines(const RandomSource& payload, Sink& out, const Limits& limits) {
  std::uint64_t lines = 0;
  std::uint64_t left = limits.max_json_bytes;
  store::each_part(payload, limits, [&](const store::Part& part) {
    if (part.graph == nullptr) return;
    left -= pickle::write_json(*part.graph, *part.source, left, out);
    ++lines;
  });
  if (lines > 0) return lines;
  throw Error(Errc::unsupported, fmt::format("this {} file holds no objects, but arrays at most",
                                             archive::to_string(store::format_of(payload))));
}

template <typename Body>
std::uint64_t with_hint(Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    const bool is_of_file = error.code() == Errc::unsupported || error.code() == Errc::corrupt;
    throw Error(error.code(), error.what(), is_of_file ? "brine scan FILE" : error.hint());
  }
}

}  // namespace

std::uint64_t write_json(const RandomSource& payload, Sink& out, const std::string& name,
                         const Limits& limits) {
  return in_context(name.empty() ? "payload" : base::printable(name),
                    [&] { return with_hint([&] { return write_lines(payload, out, limits); }); });
}

std::uint64_t write_json_file(const std::filesystem::path& path, Sink& out, const std::string& name,
                              const Limits& limits) {
  const io::File file = io::open_input(path);
  return write_json(file, out, name.empty() ? path.string() : name, limits);
}

}  // namespace brine
