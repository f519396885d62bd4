// The one file that sees nlohmann json.
#include "render_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

#include "render_text.hpp"

namespace brine::cli {
namespace {

using Json = nlohmann::ordered_json;

// ASCII only, so that no name from a file reaches a terminal raw; bytes that are no UTF-8 become
// U+FFFD, where dump() would throw.
std::string document(std::string_view schema, Json fields) {
  Json whole{{"schema", fmt::format("brine.{}/1", schema)}};
  whole.update(fields);
  return whole.dump(-1, ' ', true, Json::error_handler_t::replace) + '\n';
}

template <typename Items, typename Convert>
Json list_of(const Items& items, Convert convert) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(convert(item));
  return list;
}

// JSON has no such numbers, and null would hide which one it was.
Json number_json(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return number;
}

Json metrics_json(const std::map<std::string, double>& metrics) {
  Json object = Json::object();
  for (const auto& [name, number] : metrics) object[name] = number_json(number);
  return object;
}

Json snapshot_json(const Snapshot& snapshot) {
  return {{"snapshot", snapshot.id},
          {"line", snapshot.line},
          {"seq", snapshot.seq},
          {"parent", snapshot.parent.empty() ? Json() : Json(snapshot.parent)},
          {"created", snapshot.created},
          {"step", snapshot.step ? Json(*snapshot.step) : Json()},
          {"metrics", metrics_json(snapshot.metrics)},
          {"tags", snapshot.tags},
          {"payload_bytes", snapshot.payload_bytes},
          {"stored_bytes", snapshot.stored_bytes},
          {"codec", to_string(snapshot.codec)},
          {"format", snapshot.format},
          {"protocol", snapshot.protocol},
          {"origin", to_string(snapshot.origin)},
          {"verdict", to_string(snapshot.verdict)},
          {"state", to_string(snapshot.state)}};
}

Json symbol_json(const SymbolCount& symbol) {
  return {{"module", symbol.symbol.module}, {"name", symbol.symbol.name}, {"count", symbol.count}};
}

Json finding_json(const Finding& finding) {
  return {{"verdict", to_string(finding.verdict)},
          {"offset", finding.offset},
          {"reason", finding.reason}};
}

// Of a scan: manifests do not keep the symbol.
Json accusation_json(const Finding& finding) {
  Json fields = finding_json(finding);
  fields["symbol"] = finding.symbol ? Json(spelled(*finding.symbol)) : Json();
  return fields;
}

Json scan_json(const ScanReport& report) {
  return {{"format", report.format},
          {"protocol", report.protocol},
          {"verdict", to_string(report.verdict)},
          {"complete", report.complete},
          {"payload_bytes", report.payload_bytes},
          {"pickles", report.pickles},
          {"opcodes", report.opcodes},
          {"symbols", list_of(report.symbols, symbol_json)},
          {"findings", list_of(report.findings, accusation_json)}};
}

Json rename_json(const Rename& rename) {
  return {{"from", spelled(rename.from)},
          {"to", spelled(rename.to)},
          {"count", rename.count},
          {"steps", rename.steps}};
}

Json rejection_json(const Rejection& rejection) {
  return {{"snapshot", rejection.snapshot},
          {"seq", rejection.seq},
          {"code", info(rejection.code).name},
          {"reason", rejection.reason}};
}

Json problem_json(const Problem& problem) {
  return {{"where", problem.where}, {"code", info(problem.code).name}, {"what", problem.what}};
}

Json block_json(const BlockInfo& block) {
  return {{"offset", block.offset},
          {"bytes", block.bytes},
          {"stored_offset", block.stored_offset},
          {"stored_bytes", block.stored_bytes}};
}

Json number_json(const std::optional<TensorStatistics::Number>& number) {
  return number ? std::visit([](auto value) { return Json(value); }, *number) : Json();
}

Json statistics_json(const TensorStatistics& statistics) {
  return {{"min", number_json(statistics.min)},
          {"max", number_json(statistics.max)},
          {"nans", statistics.nans},
          {"infinities", statistics.infinities},
          {"zeros", statistics.zeros},
          {"raw", statistics.is_raw}};
}

Json tensor_json(const TensorInfo& tensor) {
  Json fields{{"path", tensor.path},
              {"dtype", tensor.dtype},
              {"shape", tensor.shape},
              {"offset", tensor.offset ? Json(*tensor.offset) : Json()},
              {"bytes", tensor.bytes},
              {"shares", tensor.shares ? Json(*tensor.shares) : Json()},
              {"shared_bytes", tensor.shared_bytes}};
  if (tensor.statistics) fields["statistics"] = statistics_json(*tensor.statistics);
  if (!tensor.unmeasured.empty()) fields["unmeasured"] = tensor.unmeasured;
  return fields;
}

Json table_json(const TableStatus& status) {
  return {{"name", status.table.name},     {"version", status.table.version},
          {"title", status.table.title},   {"rules", status.table.rules.size()},
          {"digest", status.table.digest}, {"registered", status.registered},
          {"snapshots", status.snapshots}};
}

}  // namespace

std::string init_document(const Store& store) {
  return document("init", {{"store", store.root().string()},
                           {"codec", to_string(store.options().codec)},
                           {"on_fallback", store.options().on_fallback}});
}

std::string save_document(const Snapshot& snapshot, const std::vector<std::string>& warnings) {
  Json fields = snapshot_json(snapshot);
  fields["warnings"] = warnings;
  return document("save", std::move(fields));
}

std::string load_document(const LoadReport& report) {
  return document("load", {{"requested", report.requested},
                           {"served", report.served},
                           {"line", report.line},
                           {"seq", report.seq},
                           {"fallback", report.fallback},
                           {"payload_bytes", report.payload_bytes},
                           {"origin", to_string(report.origin)},
                           {"scan", scan_json(report.scan)},
                           {"migrations", list_of(report.migrations, rename_json)},
                           {"rejected", list_of(report.rejected, rejection_json)},
                           {"warnings", report.warnings}});
}

std::string file_document(const std::string& file, const std::vector<TensorInfo>& tensors) {
  return document("show", {{"file", file}, {"tensors", list_of(tensors, tensor_json)}});
}

std::string log_document(std::span<const Snapshot> snapshots) {
  return document("log", {{"snapshots", list_of(snapshots, snapshot_json)}});
}

std::string show_document(const SnapshotDetail& detail,
                          const std::optional<std::vector<TensorInfo>>& tensors) {
  Json fields = snapshot_json(detail.snapshot);
  fields["pack"] = detail.pack;
  fields["wrapper"] = detail.wrapper.empty() ? Json() : Json(detail.wrapper);
  fields["blocks"] = list_of(detail.blocks, block_json);
  fields["buffers"] = list_of(detail.buffers, [](const BufferInfo& buffer) {
    return Json{{"offset", buffer.offset}, {"bytes", buffer.bytes}};
  });
  fields["symbols"] = list_of(detail.symbols, symbol_json);
  fields["findings"] = list_of(detail.findings, finding_json);
  fields["steps"] = detail.steps;
  if (tensors) fields["tensors"] = list_of(*tensors, tensor_json);
  return document("show", std::move(fields));
}

std::string tree_document(const std::string& target, const std::string& id,
                          std::span<const TreeRow> rows) {
  const Json tree = list_of(rows, [](const TreeRow& row) {
    return Json{{"level", row.level}, {"name", row.name}, {"text", row.text}};
  });
  return document("show-tree",
                  {{id.empty() ? "file" : "snapshot", id.empty() ? target : id}, {"tree", tree}});
}

std::string scan_document(std::string_view file, const ScanReport& report) {
  Json fields{{"file", file}};
  fields.update(scan_json(report));
  return document("scan", std::move(fields));
}

std::string dis_document(std::string_view file, const DisassembleReport& report) {
  return document("dis", {{"file", file},
                          {"pickles", report.pickles},
                          {"opcodes", report.opcodes},
                          {"protocol", report.protocol},
                          {"end", report.end}});
}

std::string convert_document(const ConvertArguments& convert, const ConvertReport& report) {
  return document("convert", {{"input", convert.input},
                              {"output", convert.output.value_or("-")},
                              {"from_protocol", report.protocol},
                              {"protocol", *convert.protocol},
                              {"pickles", report.pickles},
                              {"opcodes", report.opcodes},
                              {"payload_bytes", report.payload_bytes},
                              {"written_bytes", report.written_bytes}});
}

std::string verify_document(const VerifyReport& report) {
  return document("verify", {{"snapshots", report.snapshots},
                             {"blocks", report.blocks},
                             {"stored_bytes", report.stored_bytes},
                             {"problems", list_of(report.problems, problem_json)}});
}

std::string reindex_document(const ReindexReport& report) {
  return document("reindex", {{"snapshots", report.snapshots},
                              {"knows_marks", report.knows_marks},
                              {"problems", list_of(report.problems, problem_json)}});
}

std::string table_document(const TableStatus& status) {
  return document("migrate-add", table_json(status));
}

std::string tables_document(std::span<const TableStatus> tables) {
  return document("migrate-status", {{"tables", list_of(tables, table_json)}});
}

std::string plan_document(const MigrationPlan& plan) {
  return document("migrate-plan", {{"snapshot", plan.snapshot},
                                   {"steps", plan.steps},
                                   {"renames", list_of(plan.renames, rename_json)}});
}

std::string version_document() {
  return document("version",
                  {{"version", version()}, {"codecs", list_of(codecs(), [](const CodecInfo& codec) {
                                              return Json{{"name", codec.name},
                                                          {"min_level", codec.min_level},
                                                          {"max_level", codec.max_level},
                                                          {"default_level", codec.default_level}};
                                            })}});
}

std::string error_document(const Error& error) {
  return document("error", {{"code", info(error.code()).name},
                            {"exit_code", info(error.code()).exit_code},
                            {"message", error.what()},
                            {"hint", error.hint()}});
}

}  // namespace brine::cli
