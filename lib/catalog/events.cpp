#include "catalog/catalog.hpp"
#include "catalog/rows.hpp"

namespace brine::catalog {

void Catalog::add_event(const Event& event) {
  impl_->database
      .use("INSERT INTO events (time, kind, line, snapshot, json) VALUES (?, ?, ?, ?, ?)",
           event.time, event.kind, unless_empty(event.line), unless_empty(event.snapshot),
           event.json)
      .run();
}

std::vector<Event> Catalog::events(std::uint64_t limit) const {
  Use rows = impl_->database.use(
      "SELECT time, kind, line, snapshot, json FROM events ORDER BY number DESC LIMIT ?",
      limit_of(limit));
  std::vector<Event> all;
  while (rows.next()) {
    all.push_back({.time = std::string(rows.text(0)),
                   .kind = std::string(rows.text(1)),
                   .line = std::string(rows.text_or_null(2).value_or("")),
                   .snapshot = std::string(rows.text_or_null(3).value_or("")),
                   .json = std::string(rows.text(4))});
  }
  return all;
}

}  // namespace brine::catalog
