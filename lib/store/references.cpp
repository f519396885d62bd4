#include "store/references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "brine/error.hpp"

namespace brine::store {
namespace {

constexpr std::size_t shortest_prefix = 4;
constexpr std::size_t id_digits = 64;

struct Asked {
  const catalog::Catalog& catalog;
  std::string_view ref;
};

// The log of the line has the numbers, ids and tags that a reference may name.
[[noreturn]] void malformed(const Asked& asked, std::string_view why) {
  const std::string_view line = asked.ref.substr(0, asked.ref.find_first_of(":@~"));
  const bool is_line = base::is_name(line) && asked.catalog.latest(line);
  throw Error(Errc::usage, fmt::format("'{}' is no reference: {}", base::printable(asked.ref), why),
              is_line ? fmt::format("brine log {}", line) : "brine log");
}

template <typename Number>
Number parse_number(std::string_view text, const Asked& asked, std::string_view what) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    malformed(asked, fmt::format("'{}' is no {}", base::printable(text), what));
  }
  return value;
}

Snapshot require(std::optional<Snapshot> found, std::string_view line, std::string_view what) {
  if (found) return std::move(*found);
  throw Error(Errc::not_found, fmt::format("line {} has no {}", line, what),
              fmt::format("brine log {}", line));
}

bool is_prefix(std::string_view text) {
  return text.size() >= shortest_prefix && text.size() <= id_digits &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<Snapshot> find_prefix(const catalog::Catalog& catalog, std::string_view prefix) {
  if (!is_prefix(prefix)) return std::nullopt;
  const auto found = catalog.by_prefix(prefix);
  if (found.empty()) return std::nullopt;
  if (found.size() > 1) {
    throw Error(Errc::usage, fmt::format("{} is the start of more than one id", prefix),
                "brine log");
  }
  return found.front();
}

Snapshot by_best(const catalog::Catalog& catalog, std::string_view line, std::string_view metric) {
  using Best = catalog::Catalog::Best;
  const bool lowest = metric.starts_with('-');
  const std::string_view name = metric.substr(lowest ? 1 : 0);
  return require(catalog.best(line, name, lowest ? Best::lowest : Best::highest), line,
                 fmt::format("snapshot with a metric {} that counts", name));
}

Snapshot by_mark(const catalog::Catalog& catalog, std::string_view line, std::string_view mark,
                 std::string_view ref) {
  if (mark == "latest") return require(catalog.latest(line), line, "snapshot");
  if (mark == "good")
    return require(catalog.latest(line, State::good), line, "known-good snapshot");
  if (mark.starts_with("best(") && mark.ends_with(")")) {
    return by_best(catalog, line, mark.substr(5, mark.size() - 6));
  }
  if (mark.starts_with("step=")) {
    const auto step = parse_number<std::int64_t>(mark.substr(5), {catalog, ref}, "step");
    return require(catalog.by_step(line, step), line, fmt::format("snapshot of step {}", step));
  }
  return require(catalog.by_tag(line, mark), line, fmt::format("snapshot tagged {}", mark));
}

void check_mark(std::string_view mark, const Asked& asked) {
  if (mark.starts_with("best(") && mark.ends_with(")")) {
    const std::string_view metric = mark.substr(5, mark.size() - 6);
    if (base::is_name(metric.substr(metric.starts_with('-') ? 1 : 0))) return;
    malformed(asked, "there is no name of a metric in its brackets");
  }
  if (mark.starts_with("step=")) {
    parse_number<std::int64_t>(mark.substr(5), asked, "step");
  } else if (!base::is_name(mark)) {
    malformed(asked, "what follows the @ is no mark and no tag");
  }
}

// What is no reference in any store is so in this one, whatever lines it has.
void check_form(std::string_view base, const Asked& asked) {
  const std::size_t end = base.find_first_of(":@");
  if (!base::is_name(base.substr(0, end))) {
    malformed(asked, "it does not begin with the name of a line");
  }
  if (end == std::string_view::npos) return;
  const std::string_view rest = base.substr(end + 1);
  if (base[end] == '@') {
    check_mark(rest, asked);
  } else {
    parse_number<std::uint64_t>(rest, asked, "number of a snapshot");
  }
}

Snapshot by_base(const catalog::Catalog& catalog, std::string_view base, std::string_view ref) {
  const std::size_t end = base.find_first_of(":@");
  const std::string_view line = base.substr(0, end);
  check_form(base, {catalog, ref});
  if (end == std::string_view::npos && line.size() == id_digits) {
    if (auto found = catalog.by_id(line)) return std::move(*found);
  }
  if (!catalog.latest(line)) {
    if (end == std::string_view::npos) {
      if (auto found = find_prefix(catalog, line)) return std::move(*found);
    }
    throw_no_line(catalog, line);
  }
  if (end == std::string_view::npos) return require(catalog.latest(line), line, "snapshot");
  const std::string_view rest = base.substr(end + 1);
  if (base[end] == '@') return by_mark(catalog, line, rest, ref);
  const auto seq = parse_number<std::uint64_t>(rest, {catalog, ref}, "number of a snapshot");
  const bool can_exist = std::in_range<std::int64_t>(seq);
  return require(can_exist ? catalog.by_seq(line, seq) : std::nullopt, line,
                 fmt::format("snapshot {}", seq));
}

}  // namespace

void throw_no_line(const catalog::Catalog& catalog, std::string_view line) {
  const std::vector<std::string> lines = catalog.lines();
  const std::vector<std::string_view> names(lines.begin(), lines.end());
  const auto near = base::closest(line, names);
  throw Error(Errc::not_found,
              fmt::format("there is no line {}{}", base::printable(line),
                          near ? fmt::format(", did you mean {}?", *near) : ""),
              near ? fmt::format("brine log {}", *near) : "brine log");
}

Snapshot resolve(const catalog::Catalog& catalog, std::string_view ref) {
  const std::size_t tilde = ref.rfind('~');
  const auto back = tilde == std::string_view::npos
                        ? 0
                        : parse_number<std::uint64_t>(ref.substr(tilde + 1), {catalog, ref},
                                                      "number of steps back");
  Snapshot found = by_base(catalog, ref.substr(0, tilde), ref);
  // Counted over the snapshots that exist, so that gaps in the numbering do not matter.
  for (std::uint64_t i = 0; i < back; ++i) {
    auto before = catalog.before(found.line, found.seq);
    if (!before) {
      throw Error(Errc::not_found,
                  fmt::format("{} reaches back before the first snapshot of {}",
                              base::printable(ref), found.line),
                  fmt::format("brine log {}", found.line));
    }
    found = std::move(*before);
  }
  return found;
}

}  // namespace brine::store
