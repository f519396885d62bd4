// Results as JSON: one document each, one line, ASCII. Fields are added, never renamed or removed
// within a schema's number; docs/cli.md lists them.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "brine/convert.hpp"
#include "brine/disassemble.hpp"
#include "brine/store.hpp"

namespace brine::cli {

std::string init_document(const Store& store);
std::string save_document(const Snapshot& snapshot, const std::vector<std::string>& warnings);
std::string load_document(const LoadReport& report);
std::string log_document(std::span<const Snapshot> snapshots);
std::string show_document(const SnapshotDetail& detail,
                          const std::optional<std::vector<TensorInfo>>& tensors);
std::string file_document(const std::string& file, const std::vector<TensorInfo>& tensors);
std::string tree_document(const std::string& target, const std::string& id,
                          std::span<const TreeRow> rows);
std::string scan_document(std::string_view file, const ScanReport& report);
std::string dis_document(std::string_view file, const DisassembleReport& report);
std::string convert_document(const ConvertArguments& convert, const ConvertReport& report);
std::string verify_document(const VerifyReport& report);
std::string reindex_document(const ReindexReport& report);
std::string table_document(const TableStatus& status);
std::string tables_document(std::span<const TableStatus> tables);
std::string plan_document(const MigrationPlan& plan);
std::string version_document();
std::string error_document(const Error& error);

}  // namespace brine::cli
