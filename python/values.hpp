// What the library answers, as the read-only classes of brine/values.py.
#pragma once

#include <pybind11/pybind11.h>

#include "brine/convert.hpp"
#include "brine/store.hpp"

namespace brine::python {

/// Decodes UTF-8. What a checkpoint calls itself may be no UTF-8 at all: the rest is escaped.
pybind11::str text(std::string_view bytes);

pybind11::object to_python(const Snapshot& snapshot);
pybind11::object to_python(const SnapshotDetail& detail);
pybind11::object to_python(const Event& event);
pybind11::object to_python(const ScanReport& report);
pybind11::object to_python(const ConvertReport& report);
pybind11::object to_python(const LoadReport& report);
pybind11::object to_python(const VerifyReport& report);
pybind11::object to_python(const ReindexReport& report);
pybind11::object to_python(const TableStatus& status);
pybind11::object to_python(const MigrationPlan& plan);
pybind11::object to_python(const TensorInfo& tensor);
pybind11::object to_python(const TreeRow& row);
pybind11::object to_python(const std::vector<Snapshot>& snapshots);

/// Converts one by one.
template <typename Value>
pybind11::list to_list(const std::vector<Value>& values) {
  pybind11::list list;
  for (const Value& value : values) list.append(to_python(value));
  return list;
}

}  // namespace brine::python
