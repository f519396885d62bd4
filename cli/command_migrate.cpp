#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>

#include "commands.hpp"
#include "render_json.hpp"
#include "render_text.hpp"
#include "store_location.hpp"
#include "story.hpp"
#include "streams.hpp"
#include "units.hpp"

namespace brine::cli {
namespace {

// Reads one byte more than a table may have: the library refuses it then, in its own words.
std::string read_input(std::size_t most) {
  std::string text(most, '\0');
  StandardInput input;
  std::size_t held = 0;
  while (held < most) {
    const std::size_t count = input.read(std::as_writable_bytes(std::span(text).subspan(held)));
    if (count == 0) break;
    held += count;
  }
  text.resize(held);
  return text;
}

std::string read_table(const std::string& path) {
  const std::size_t most = Limits{}.max_table_bytes + 1;
  if (path == "-") return read_input(most);
  std::string text(most, '\0');
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (errno == ENOENT) throw Error(Errc::not_found, fmt::format("there is no file {}", path));
  if (errno != 0) {
    throw Error(Errc::environment,
                fmt::format("cannot read table {}: {}", path, std::strerror(errno)));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace

int run_migrate_add(const Arguments& arguments) {
  Store store = open_store(arguments.global);
  const TableStatus status = store.add_table(
      read_table(arguments.table), arguments.table == "-" ? "standard input" : arguments.table);
  if (arguments.global.json) {
    write_output(table_document(status));
  } else {
    write_output(fmt::format("{}:{}  {}, touches {}\n", escaped(status.table.name),
                             status.table.version, counted(status.table.rules.size(), "rule"),
                             counted(status.snapshots, "snapshot")));
  }
  return exit_done;
}

int run_migrate_status(const Arguments& arguments) {
  const std::vector<TableStatus> tables = open_store(arguments.global).tables();
  if (arguments.global.json) {
    write_output(tables_document(tables));
  } else if (tables.empty()) {
    note(arguments.global, "no tables are registered");
  } else {
    write_output(
        tables_text(tables, room_of(Stream::output), Ink::of(Stream::output, arguments.global)));
  }
  return exit_done;
}

int run_migrate_plan(const Arguments& arguments) {
  const MigrationPlan plan = open_store(arguments.global).plan(arguments.reference);
  write_output(arguments.global.json ? plan_document(plan) : plan_text(plan));
  return exit_done;
}

}  // namespace brine::cli
