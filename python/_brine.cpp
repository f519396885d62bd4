// The extension module: the doors of the library, with the GIL released around them. What is made
// of Python objects (pickling, policy, warnings) is Python, in brine/store.py.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "brine/convert.hpp"
#include "streams.hpp"
#include "values.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace brine::python {
namespace {

namespace fs = std::filesystem;
using OptionalText = std::optional<std::string>;
using Metrics = std::optional<std::map<std::string, double>>;

/// Reads any iterable of names, but not one str: its letters are surely not meant.
std::vector<std::string> names_of(const py::object& names) {
  if (py::isinstance<py::str>(names) || !py::hasattr(names, "__iter__")) {
    throw Error(Errc::usage, "expected several names, got " + std::string(py::repr(names)),
                "write a list: ['NAME']");
  }
  std::vector<std::string> list;
  for (const py::handle& name : py::iter(names)) list.push_back(py::str(name));
  return list;
}

/// A reference as text, or a Snapshot.
std::string reference(const py::object& ref) {
  if (py::isinstance<py::str>(ref)) return py::cast<std::string>(ref);
  if (py::hasattr(ref, "id")) return py::cast<std::string>(ref.attr("id"));
  throw Error(Errc::usage, "a reference is a str or a Snapshot, not " + std::string(py::repr(ref)),
              "store.log()");
}

Store open_store(const fs::path& root, bool create, const CreateOptions& fixed,
                 const OpenOptions& options) {
  try {
    return Store::open(root, options);
  } catch (const Error& error) {
    if (!create || error.code() != Errc::not_found) throw;
  }
  try {
    return Store::create(root, fixed, options);
  } catch (const Error& error) {
    if (error.code() != Errc::exists) throw;
    try {
      return Store::open(root, options);  // another process was faster
    } catch (const Error&) {
      throw error;
    }
  }
}

/// A Store with the defaults of this handle.
class Handle {
 public:
  Handle(const fs::path& root, bool create, const OptionalText& codec,
         const OptionalText& on_fallback, unsigned threads)
      : codec_(codec ? std::optional(parse_codec(*codec)) : std::nullopt),
        on_fallback_(on_fallback),
        store_("store", unlocked_in(fs::absolute(root), [&] {
                 return open_store(
                     root, create,
                     {.codec = codec_.value_or(Codec{}), .on_fallback = on_fallback_.value_or("")},
                     {.threads = threads});
               })) {}

  const fs::path& root() const { return store_.get()->root(); }
  void close() { store_.close(); }

  Session begin_save(const std::string& line, const SaveOptions& options) const {
    const auto store = store_.get();
    return {store, unlocked_in(store->root(), [&] { return store->begin_save(line, options); })};
  }

  SaveOptions save_options(Origin origin, const OptionalText& codec,
                           std::optional<std::int64_t> step, const Metrics& metrics,
                           const py::object& tags, const py::object& progress) const {
    return {.codec = codec ? std::optional(parse_codec(*codec)) : codec_,
            .step = step,
            .metrics = metrics.value_or(std::map<std::string, double>{}),
            .tags = names_of(tags),
            .origin = origin,
            .progress = progress_of(progress)};
  }

  LoadOptions load_options(bool fallback, const py::object& trusted, bool migrate,
                           const OptionalText& on_fallback, const py::object& progress) const {
    return {.fallback = fallback,
            .migrate = migrate ? Migrate::on_load : Migrate::never,
            .trusted = names_of(trusted),
            .on_fallback = on_fallback ? on_fallback : on_fallback_,
            .progress = progress_of(progress)};
  }

  std::shared_ptr<Store> share() const { return store_.get(); }

  /// Calls `ask` on the store, without the GIL.
  template <typename Ask>
  auto ask(Ask&& ask) const {
    const auto store = store_.get();
    return unlocked_in(store->root(), [&] { return ask(*store); });
  }

 private:
  std::optional<Codec> codec_;
  OptionalText on_fallback_;
  Owned<Store> store_;
};

/// Raises the class that brine/errors.py made of the code.
void raise(const Error& error) {
  const py::object raised =
      py::module_::import("brine.errors")
          .attr("from_code")(info(error.code()).name, text(error.what()), text(error.hint()));
  PyErr_SetObject(py::type::of(raised).ptr(), raised.ptr());
}

void translate(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    raise(error);
  } catch (const fs::filesystem_error& error) {
    raise(Error(Errc::environment, error.what(), at_place("ls -la", error.path1())));
  }
}

py::list error_table() {
  py::list table;
  for (const ErrcInfo& row : errc_table()) {
    table.append(py::make_tuple(row.name, row.python_class, row.exit_code, row.meaning));
  }
  return table;
}

void define_functions(py::module_& module) {
  module.def("version", &version, "Return the version of the library that is loaded.");
  module.def("error_table", &error_table,
             "Return (code, class name, exit code of the command, meaning) of every error.");
  module.def(
      "find_store", [](const fs::path& start) { return Store::find(start); }, "start"_a,
      "Return the nearest .brine in `start` or above it, or None.");
  module.def("at_place", &at_place, "tool"_a, "path"_a,
             "Return `tool` for the directory of `path`, or the nearest one above that is there.");
  module.def(
      "scan",
      [](const fs::path& path, const py::object& trusted, const py::object& extensions) {
        const ScanOptions options{.trusted = names_of(trusted), .extensions = names_of(extensions)};
        return to_python(unlocked([&] { return scan_file(path, options); }));
      },
      "path"_a, py::kw_only(), "trusted"_a = py::tuple(), "extensions"_a = py::tuple(),
      "Report what a checkpoint file holds and would do, without executing any of it.");
  module.def(
      "tensors",
      [](const fs::path& path, bool statistics) {
        return to_list(unlocked([&] { return file_tensors(path, {.statistics = statistics}); }));
      },
      "path"_a, py::kw_only(), "statistics"_a = false,
      "List the tensors of a checkpoint file, without executing any of it; elements are read for "
      "statistics only.");
  module.def(
      "tree",
      [](const fs::path& path, std::uint32_t depth, bool all) {
        return to_list(unlocked([&] { return file_tree(path, {.depth = depth, .all = all}); }));
      },
      "path"_a, py::kw_only(), "depth"_a = TreeOptions{}.depth, "all"_a = false,
      "List the objects of a checkpoint file as rows of a tree, without executing any of it; long "
      "lists are folded unless all is true.");
  module.def(
      "convert",
      [](const fs::path& path, const fs::path& output, int protocol) {
        return to_python(
            unlocked([&] { return convert_file(path, output, {.protocol = protocol}); }));
      },
      "path"_a, "output"_a, py::kw_only(), "protocol"_a,
      "Write a pickle file again in protocol 2, 3, 4 or 5, without executing any of it.");
  module.def(
      "reindex",
      [](const fs::path& path) {
        return to_python(unlocked_in(fs::absolute(path), [&] { return Store::reindex(path); }));
      },
      "path"_a, "Rebuild the catalog of the store in `path` from its manifests alone.");
}

void define_session(py::module_& module) {
  py::class_<Session>(module, "Session", "A save under way.")
      .def("write", &Session::write, "data"_a)
      .def("commit", &Session::commit)
      .def("close", &Session::close);
}

void define_attempt(py::module_& module) {
  py::class_<LoadAttempt>(module, "Attempt", "A load whose payload is about to be unpickled.")
      .def("succeed", &LoadAttempt::succeed)
      .def("close", &LoadAttempt::close);
}

void define_saves(py::class_<Handle>& store) {
  store.def(
      "_begin_save",
      [](const Handle& self, const std::string& line, const OptionalText& codec,
         std::optional<std::int64_t> step, const Metrics& metrics, const py::object& tags,
         const py::object& progress) {
        return self.begin_save(
            line, self.save_options(Origin::object, codec, step, metrics, tags, progress));
      },
      "line"_a, py::kw_only(), "codec"_a, "step"_a, "metrics"_a, "tags"_a, "progress"_a);
  store.def(
      "_save_file",
      [](const Handle& self, const fs::path& path, const std::string& line,
         std::optional<std::int64_t> step, const Metrics& metrics, const py::object& tags,
         const OptionalText& codec, bool as_is, bool plain, const py::object& progress) {
        SaveOptions options = self.save_options(Origin::file, codec, step, metrics, tags, progress);
        options.as_is = as_is;
        options.plain = plain;
        return to_python(
            self.ask([&](Store& asked) { return asked.save_file(line, path, options); }));
      },
      "path"_a, "line"_a, py::kw_only(), "step"_a, "metrics"_a, "tags"_a, "codec"_a, "as_is"_a,
      "plain"_a, "progress"_a);
}

void define_loads(py::class_<Handle>& store) {
  store.def(
      "_load",
      [](const Handle& self, const py::object& ref, bool fallback, const py::object& trusted,
         bool migrate, const OptionalText& on_fallback, const py::object& progress) {
        const std::string wanted = reference(ref);
        const LoadOptions options =
            self.load_options(fallback, trusted, migrate, on_fallback, progress);
        BytesTarget target;
        auto shared = self.share();
        Attempt attempt =
            unlocked_in(shared->root(), [&] { return shared->attempt(wanted, target, options); });
        py::object report = to_python(attempt.report());
        return py::make_tuple(target.take(), std::move(report),
                              LoadAttempt(std::move(shared), std::move(attempt)));
      },
      "ref"_a, py::kw_only(), "fallback"_a, "trusted"_a, "migrate"_a, "on_fallback"_a,
      "progress"_a);
  store.def(
      "_load_file",
      [](const Handle& self, const py::object& ref, const fs::path& path, bool fallback,
         const py::object& trusted, bool migrate, const OptionalText& on_fallback,
         const py::object& progress) {
        const std::string wanted = reference(ref);
        const LoadOptions options =
            self.load_options(fallback, trusted, migrate, on_fallback, progress);
        return to_python(
            self.ask([&](Store& asked) { return asked.load_file(wanted, path, options); }));
      },
      "ref"_a, "path"_a, py::kw_only(), "fallback"_a, "trusted"_a, "migrate"_a, "on_fallback"_a,
      "progress"_a);
}

void define_questions(py::class_<Handle>& store) {
  store.def(
      "resolve",
      [](const Handle& self, const py::object& ref) {
        const std::string wanted = reference(ref);
        return to_python(self.ask([&](const Store& asked) { return asked.resolve(wanted); }));
      },
      "ref"_a, "Return the snapshot that a reference names.");
  store.def(
      "log",
      [](const Handle& self, const OptionalText& line, const OptionalText& tag,
         std::uint64_t limit) {
        return to_python(self.ask([&](const Store& asked) {
          return asked.log({.line = line, .tag = tag, .limit = limit});
        }));
      },
      "line"_a = py::none(), py::kw_only(), "tag"_a = py::none(), "limit"_a = 0,
      "Return snapshots, newest first; limit 0: all.");
  store.def(
      "show",
      [](const Handle& self, const py::object& ref) {
        const std::string wanted = reference(ref);
        return to_python(self.ask([&](const Store& asked) { return asked.show(wanted); }));
      },
      "ref"_a, "Return all that the manifest of a snapshot says.");
  store.def(
      "tensors",
      [](const Handle& self, const py::object& ref, bool statistics) {
        const std::string wanted = reference(ref);
        return to_list(self.ask(
            [&](const Store& asked) { return asked.tensors(wanted, {.statistics = statistics}); }));
      },
      "ref"_a, py::kw_only(), "statistics"_a = false,
      "List the tensors of a snapshot, without executing any of it; elements are read for "
      "statistics only.");
  store.def(
      "tree",
      [](const Handle& self, const py::object& ref, std::uint32_t depth, bool all) {
        const std::string wanted = reference(ref);
        return to_list(self.ask(
            [&](const Store& asked) { return asked.tree(wanted, {.depth = depth, .all = all}); }));
      },
      "ref"_a, py::kw_only(), "depth"_a = TreeOptions{}.depth, "all"_a = false,
      "List the objects of a snapshot as `brine.tree` does those of a file.");
  store.def(
      "events",
      [](const Handle& self, std::uint64_t limit) {
        return to_list(self.ask([&](const Store& asked) { return asked.events(limit); }));
      },
      "limit"_a = 0, "Return events, newest first; limit 0: all.");
}

void define_keeping(py::class_<Handle>& store) {
  store.def(
      "verify",
      [](const Handle& self, const py::object& ref, const py::object& callback) {
        const std::string wanted = ref.is_none() ? "" : reference(ref);
        const Progress progress = progress_of(callback);
        return to_python(self.ask([&](Store& asked) { return asked.verify(wanted, progress); }));
      },
      "ref"_a = py::none(), py::kw_only(), "progress"_a = py::none(),
      "Read and check every byte of the snapshots that `ref` names; None: all.");
  store.def(
      "_add_table",
      [](const Handle& self, const std::string& toml, const std::string& origin) {
        return to_python(self.ask([&](Store& asked) { return asked.add_table(toml, origin); }));
      },
      "toml"_a, "origin"_a);
  store.def(
      "tables",
      [](const Handle& self) {
        return to_list(self.ask([](const Store& asked) { return asked.tables(); }));
      },
      "Return every registered step of every migration table.");
  store.def(
      "plan",
      [](const Handle& self, const py::object& ref) {
        const std::string wanted = reference(ref);
        return to_python(self.ask([&](const Store& asked) { return asked.plan(wanted); }));
      },
      "ref"_a, "Say what a load would rewrite, from catalog and manifest alone.");
}

PYBIND11_MODULE(_brine, module) {
  module.doc() = "The doors of libbrine; see the package brine.";
  py::register_exception_translator(&translate);
  define_functions(module);
  define_session(module);
  define_attempt(module);
  py::class_<Handle> store(module, "Store", "A directory that keeps checkpoints.");
  store.def(py::init<const fs::path&, bool, const OptionalText&, const OptionalText&, unsigned>(),
            "root"_a, py::kw_only(), "create"_a, "codec"_a, "on_fallback"_a, "threads"_a);
  store.def_property_readonly("root", &Handle::root, "Where the store is.");
  store.def("close", &Handle::close, "Let go of the store; closing twice is no error.");
  define_saves(store);
  define_loads(store);
  define_questions(store);
  define_keeping(store);
}

}  // namespace
}  // namespace brine::python
