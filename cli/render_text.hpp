// Results as people read them. Every name from outside is escaped.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brine/store.hpp"
#include "terminal.hpp"

namespace brine::cli {

/// Returns `module:Name`, or the module alone where there is no name.
std::string spelled(const Symbol& symbol);

/// Returns the twelve digits that are shown of an id.
std::string_view short_id(std::string_view id) noexcept;

/// Returns `LINE:17`.
std::string reference_of(const Snapshot& snapshot);

std::string save_text(const Snapshot& snapshot);
std::string log_text(std::span<const Snapshot> snapshots, const std::optional<std::string>& line,
                     unsigned width, const Ink& ink);
std::string show_text(const SnapshotDetail& detail, const Ink& ink);
std::string tensors_text(std::span<const TensorInfo> tensors, unsigned width, const Ink& ink);
/// As tree(1) draws it in ASCII; lines are cut at `width`.
std::string tree_text(std::string_view target, std::span<const TreeRow> rows, unsigned width);
std::string scan_text(std::string_view file, const ScanReport& report, const Ink& ink);
std::string verify_text(const VerifyReport& report, const Ink& ink);
std::string reindex_text(const ReindexReport& report, const Ink& ink);
std::string tables_text(std::span<const TableStatus> tables, unsigned width, const Ink& ink);
std::string plan_text(const MigrationPlan& plan);

}  // namespace brine::cli
