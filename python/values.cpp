#include "values.hpp"

#include <pybind11/stl.h>

namespace py = pybind11;
using namespace py::literals;

namespace brine::python {
namespace {

/// Makes a `brine.values.NAME` from keywords, so that the order of its fields does not matter.
template <typename... Fields>
py::object value(const char* name, Fields&&... fields) {
  return py::module_::import("brine.values").attr(name)(std::forward<Fields>(fields)...);
}

py::tuple texts(const std::vector<std::string>& items) {
  py::tuple tuple(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) tuple[i] = text(items[i]);
  return tuple;
}

py::object to_python(const Symbol& symbol) {
  return value("Symbol", "module"_a = text(symbol.module), "name"_a = text(symbol.name));
}

py::dict to_python(const std::vector<SymbolCount>& symbols) {
  py::dict counts;
  for (const auto& [symbol, count] : symbols) counts[to_python(symbol)] = count;
  return counts;
}

py::object to_python(const Finding& finding) {
  return value("Finding", "verdict"_a = to_string(finding.verdict), "offset"_a = finding.offset,
               "reason"_a = text(finding.reason),
               "symbol"_a = finding.symbol ? to_python(*finding.symbol) : py::none());
}

py::object to_python(const BlockInfo& block) {
  return value("BlockInfo", "offset"_a = block.offset, "bytes"_a = block.bytes,
               "stored_offset"_a = block.stored_offset, "stored_bytes"_a = block.stored_bytes);
}

py::object to_python(const BufferInfo& buffer) {
  return value("BufferInfo", "offset"_a = buffer.offset, "bytes"_a = buffer.bytes);
}

py::object to_python(const Rename& rename) {
  return value("Rename", "from_"_a = to_python(rename.from), "to"_a = to_python(rename.to),
               "count"_a = rename.count, "steps"_a = texts(rename.steps));
}

py::object to_python(const Rejection& rejection) {
  return value("Rejection", "snapshot"_a = rejection.snapshot, "seq"_a = rejection.seq,
               "code"_a = info(rejection.code).name, "reason"_a = text(rejection.reason));
}

py::object to_python(const Problem& problem) {
  return value("Problem", "where"_a = text(problem.where), "code"_a = info(problem.code).name,
               "what"_a = text(problem.what));
}

py::object to_python(const Rule& rule) {
  return value("Rule", "kind"_a = rule.kind == RuleKind::module ? "module" : "symbol",
               "from_"_a = to_python(rule.from), "to"_a = to_python(rule.to),
               "exact"_a = rule.exact, "line"_a = rule.line);
}

// Below the overloads that it calls: they are no friends of their arguments' namespace.
template <typename Item>
py::tuple to_tuple(const std::vector<Item>& items) {
  py::tuple tuple(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) tuple[i] = to_python(items[i]);
  return tuple;
}

py::object to_python(const Table& table) {
  return value("Table", "name"_a = text(table.name), "version"_a = table.version,
               "title"_a = text(table.title), "rules"_a = to_tuple(table.rules),
               "digest"_a = table.digest);
}

}  // namespace

py::str text(std::string_view bytes) {
  PyObject* decoded =
      PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "backslashreplace");
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

py::object to_python(const Snapshot& snapshot) {
  return value("Snapshot", "id"_a = snapshot.id, "line"_a = text(snapshot.line),
               "seq"_a = snapshot.seq, "parent"_a = snapshot.parent,
               "created"_a = text(snapshot.created), "step"_a = snapshot.step,
               "metrics"_a = snapshot.metrics, "tags"_a = texts(snapshot.tags),
               "payload_bytes"_a = snapshot.payload_bytes, "stored_bytes"_a = snapshot.stored_bytes,
               "codec"_a = to_string(snapshot.codec), "format"_a = text(snapshot.format),
               "protocol"_a = snapshot.protocol, "origin"_a = to_string(snapshot.origin),
               "verdict"_a = to_string(snapshot.verdict), "state"_a = to_string(snapshot.state));
}

py::object to_python(const SnapshotDetail& detail) {
  return value("SnapshotDetail", "snapshot"_a = to_python(detail.snapshot),
               "pack"_a = text(detail.pack), "wrapper"_a = text(detail.wrapper),
               "blocks"_a = to_tuple(detail.blocks), "buffers"_a = to_tuple(detail.buffers),
               "symbols"_a = to_python(detail.symbols), "findings"_a = to_tuple(detail.findings),
               "steps"_a = detail.steps);
}

py::object to_python(const Event& event) {
  return value("Event", "time"_a = text(event.time), "kind"_a = text(event.kind),
               "line"_a = text(event.line), "snapshot"_a = event.snapshot,
               "json"_a = text(event.json));
}

py::object to_python(const ScanReport& report) {
  return value("ScanReport", "format"_a = text(report.format), "protocol"_a = report.protocol,
               "payload_bytes"_a = report.payload_bytes, "pickles"_a = report.pickles,
               "opcodes"_a = report.opcodes, "complete"_a = report.complete,
               "verdict"_a = to_string(report.verdict), "symbols"_a = to_python(report.symbols),
               "findings"_a = to_tuple(report.findings));
}

py::object to_python(const ConvertReport& report) {
  return value("ConvertReport", "pickles"_a = report.pickles, "opcodes"_a = report.opcodes,
               "protocol"_a = report.protocol, "payload_bytes"_a = report.payload_bytes,
               "written_bytes"_a = report.written_bytes);
}

py::object to_python(const LoadReport& report) {
  return value("LoadReport", "requested"_a = report.requested, "served"_a = report.served,
               "line"_a = text(report.line), "seq"_a = report.seq, "fallback"_a = report.fallback,
               "payload_bytes"_a = report.payload_bytes, "origin"_a = to_string(report.origin),
               "scan"_a = to_python(report.scan), "migrations"_a = to_tuple(report.migrations),
               "rejected"_a = to_tuple(report.rejected), "warnings"_a = texts(report.warnings));
}

py::object to_python(const TensorStatistics& statistics) {
  return value("TensorStatistics", "min"_a = statistics.min, "max"_a = statistics.max,
               "nans"_a = statistics.nans, "infinities"_a = statistics.infinities,
               "zeros"_a = statistics.zeros, "is_raw"_a = statistics.is_raw);
}

py::object to_python(const TensorInfo& tensor) {
  py::tuple shape(tensor.shape.size());
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) shape[i] = tensor.shape[i];
  return value("TensorInfo", "path"_a = text(tensor.path), "dtype"_a = text(tensor.dtype),
               "shape"_a = shape, "offset"_a = tensor.offset, "bytes"_a = tensor.bytes,
               "statistics"_a = tensor.statistics ? to_python(*tensor.statistics) : py::none(),
               "unmeasured"_a = tensor.unmeasured,
               "shares"_a = tensor.shares ? py::object(text(*tensor.shares)) : py::none(),
               "shared_bytes"_a = tensor.shared_bytes);
}

py::object to_python(const TreeRow& row) {
  return value("TreeRow", "level"_a = row.level, "name"_a = text(row.name),
               "text"_a = text(row.text));
}

py::object to_python(const VerifyReport& report) {
  return value("VerifyReport", "snapshots"_a = report.snapshots, "blocks"_a = report.blocks,
               "stored_bytes"_a = report.stored_bytes, "problems"_a = to_tuple(report.problems));
}

py::object to_python(const ReindexReport& report) {
  return value("ReindexReport", "snapshots"_a = report.snapshots,
               "knows_marks"_a = report.knows_marks, "problems"_a = to_tuple(report.problems));
}

py::object to_python(const TableStatus& status) {
  return value("TableStatus", "table"_a = to_python(status.table),
               "registered"_a = text(status.registered), "snapshots"_a = status.snapshots);
}

py::object to_python(const MigrationPlan& plan) {
  return value("MigrationPlan", "snapshot"_a = plan.snapshot, "steps"_a = texts(plan.steps),
               "renames"_a = to_tuple(plan.renames));
}

py::object to_python(const std::vector<Snapshot>& snapshots) {
  return value("Snapshots", to_list(snapshots));
}

}  // namespace brine::python
