// Registered migration tables: files under tables/, indexed by the catalog.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "base/text.hpp"
#include "digest/digest.hpp"
#include "io/file.hpp"
#include "store/impl.hpp"
#include "store/references.hpp"

namespace brine {
namespace {

namespace fs = std::filesystem;

std::string step_name(const Table& table) {
  return fmt::format("{}:{}", table.name, table.version);
}

// How many snapshots a step has something to do for, given what the steps before it make of them.
std::uint64_t touched(catalog::Catalog& index, const Table& table,
                      std::span<const migrate::Step> all) {
  const std::string name = step_name(table);
  const auto has_part = [&](const Rename& rename) {
    return std::find(rename.steps.begin(), rename.steps.end(), name) != rename.steps.end();
  };
  const auto entries = index.saved_before(table.name, table.version);
  return static_cast<std::uint64_t>(
      std::count_if(entries.begin(), entries.end(), [&](const catalog::Entry& entry) {
        const auto renames = migrate::plan(entry.symbols, store::later_steps(all, entry.steps));
        return std::any_of(renames.begin(), renames.end(), has_part);
      }));
}

std::vector<TableStatus> all_statuses(catalog::Catalog& index,
                                      const std::vector<migrate::Step>& steps) {
  std::vector<TableStatus> all;
  for (const catalog::RegisteredTable& row : index.tables()) {
    const auto step = std::find_if(steps.begin(), steps.end(), [&](const migrate::Step& each) {
      return each.table().name == row.name && each.table().version == row.version;
    });
    if (step == steps.end()) continue;  // registered since the steps were read
    all.push_back({step->table(), row.registered, touched(index, step->table(), steps)});
  }
  return all;
}

TableStatus status_of(const std::vector<TableStatus>& all, const Table& table) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const TableStatus& each) {
    return each.table.name == table.name && each.table.version == table.version;
  });
  if (found != all.end()) return *found;
  throw Error(Errc::internal, fmt::format("step {} is not registered", step_name(table)));
}

// No table may make a snapshot name what runs code: every load of it would be refused.
void check_targets(const Table& table, std::string_view origin) {
  const scan::Policy policy;
  for (const Rule& rule : table.rules) {
    Symbol target = rule.to;
    if (rule.kind == RuleKind::module) target.name = "any";
    if (policy.standing(target, 4) != scan::Standing::denied) continue;
    throw Error(
        Errc::migration,
        fmt::format("{}:{}: the target {} is on the deny list: it runs code", origin, rule.line,
                    rule.to.name.empty() ? rule.to.module : rule.to.module + ":" + rule.to.name),
        "brine help migrate");
  }
}

// Now, or right after the newest table where the clock stands still or was set back: the order of
// registration is the order in which steps apply.
std::string next_time(const std::vector<catalog::RegisteredTable>& rows) {
  std::string newest;
  for (const catalog::RegisteredTable& row : rows) newest = std::max(newest, row.registered);
  const std::string now = base::now_utc();
  std::tm parts{};
  int ms = 0;
  const char* rest = ::strptime(newest.c_str(), "%Y-%m-%dT%H:%M:%S.", &parts);
  if (now > newest || rest == nullptr || std::sscanf(rest, "%3dZ", &ms) != 1) return now;
  return base::utc(std::chrono::system_clock::from_time_t(::timegm(&parts)) +
                   std::chrono::milliseconds(ms + 1));
}

// Refuses what would change history: another content for a step, or a step before the newest.
void check_order(const std::vector<catalog::RegisteredTable>& rows, const Table& table) {
  for (const catalog::RegisteredTable& row : rows) {
    if (row.name != table.name || row.version < table.version) continue;
    const std::string next = "brine migrate status";
    if (row.version == table.version) {
      throw Error(Errc::migration,
                  fmt::format("step {} is registered with another content since {}",
                              step_name(table), row.registered),
                  next);
    }
    throw Error(Errc::migration,
                fmt::format("step {} comes too late: {}:{} is registered", step_name(table),
                            row.name, row.version),
                next);
  }
}

}  // namespace

Table parse_table(std::string_view toml, std::string_view origin, const Limits& limits) {
  Table table = migrate::parse(toml, origin, limits);
  table.digest = digest::sha256_hex(bytes_of(migrate::normalise(table)));
  return table;
}

std::vector<migrate::Step> Store::Impl::steps() const {
  auto rows = with_catalog([](catalog::Catalog& index) { return index.tables(); });
  // Tables that follow one another in time may build on one another across names. Times that are
  // those of files, after a reindex, may contradict the versions: the versions decide.
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].name == rows[i - 1].name) {
      rows[i].registered = std::max(rows[i].registered, rows[i - 1].registered);
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.registered < b.registered; });
  std::vector<migrate::Step> all;
  for (const catalog::RegisteredTable& row : rows) {
    Table table =
        parse_table(row.toml, fmt::format("{}:{}", row.name, row.version), open_options.limits);
    if (table.digest != row.digest) {
      throw Error(Errc::corrupt,
                  fmt::format("step {} is damaged: its digest differs", step_name(table)),
                  "brine reindex");
    }
    all.emplace_back(std::move(table));
  }
  return all;
}

std::vector<const migrate::Step*> store::later_steps(
    std::span<const migrate::Step> steps, const std::map<std::string, std::uint64_t>& saved) {
  std::vector<const migrate::Step*> later;
  for (const migrate::Step& step : steps) {
    const auto known = saved.find(step.table().name);
    if (known == saved.end() || known->second < step.table().version) later.push_back(&step);
  }
  return later;
}

std::vector<catalog::RegisteredTable> Store::Impl::table_files(
    std::vector<Problem>& problems) const {
  std::vector<catalog::RegisteredTable> found;
  for (const fs::path& path : files_below(layout.tables(), ".toml")) {
    const std::string inside = layout.inside(path);
    try {
      const std::string text(text_of(io::read_file(path, open_options.limits.max_table_bytes)));
      const Table table = parse_table(text, inside, open_options.limits);
      if (path != layout.table(table.name, table.version)) {
        problems.push_back(
            {inside, Errc::exists,
             fmt::format("left out: it holds step {}, whose place is {}", step_name(table),
                         layout.inside(layout.table(table.name, table.version)))});
        continue;
      }
      const auto written = std::chrono::file_clock::to_sys(fs::last_write_time(path));
      found.push_back(
          {table.name, table.version, table.digest, table.title, text,
           base::utc(std::chrono::time_point_cast<std::chrono::system_clock::duration>(written))});
    } catch (const Error& error) {
      if (!is_fallback_worthy(error.code())) throw;
      problems.push_back({inside, error.code(), error.what()});
    }
  }
  return found;
}

TableStatus Store::add_table(std::string_view toml, std::string_view origin) {
  const Table table = parse_table(toml, origin, impl_->open_options.limits);
  check_targets(table, origin);
  impl_->require_writable();
  const io::FileLock lock = impl_->lock(io::Hold::exclusive);
  impl_->with_catalog([&](catalog::Catalog& index) {
    const auto rows = index.tables();
    const auto same = [&](const catalog::RegisteredTable& row) {
      return row.name == table.name && row.version == table.version && row.digest == table.digest;
    };
    if (std::any_of(rows.begin(), rows.end(), same)) return;
    check_order(rows, table);
    const fs::path path = impl_->layout.table(table.name, table.version);
    io::make_directories(path.parent_path());
    auto transaction = index.begin();
    index.insert_table(
        {table.name, table.version, table.digest, table.title, std::string(toml), next_time(rows)});
    io::write_file(path, bytes_of(toml), io::Publish::replace);
    transaction.commit();
  });
  return status_of(tables(), table);
}

std::vector<TableStatus> Store::tables() const {
  const std::vector<migrate::Step> steps = impl_->steps();
  return impl_->with_catalog([&](catalog::Catalog& index) { return all_statuses(index, steps); });
}

MigrationPlan Store::plan(std::string_view ref) const {
  const Snapshot snapshot = resolve(ref);
  const store::Manifest manifest = impl_->manifest(snapshot.id);
  const std::vector<migrate::Step> all = impl_->steps();
  const auto later = store::later_steps(all, manifest.steps);
  MigrationPlan plan{.snapshot = snapshot.id};
  for (const migrate::Step* step : later) plan.steps.push_back(step_name(step->table()));
  plan.renames = migrate::plan(manifest.scan.symbols, later);
  return plan;
}

}  // namespace brine
