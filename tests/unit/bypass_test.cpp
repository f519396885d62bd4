// What got past other scanners, or would get past a list of names. Facts: the advisories and papers
// named in each row; the payloads are ours.
#include "brine/pickle.hpp"
#include "codec/codec.hpp"
#include "io/file.hpp"
#include "support/expect.hpp"
#include "support/pickles.hpp"
#include "support/tars.hpp"
#include "support/zips.hpp"

using namespace brine;
using namespace brine::test;
using namespace std::string_literals;

namespace {

Verdict verdict_of(std::string_view payload) {
  return scan_payload(io::MemoryFile(bytes_of(payload))).verdict;
}

std::string packed(CodecId codec, std::string_view text) {
  const auto encoder = codec::make_encoder({codec, info(codec).default_level}, text.size());
  Bytes out;
  encoder->encode(bytes_of(text), out);
  return std::string(text_of(out));
}

Stream global(std::string_view module, std::string_view name) {
  return Stream().global(module, name);
}

Stream text(std::string_view content) { return Stream().text(content); }

Stream reduce(const Stream& callable, std::initializer_list<Stream> arguments) {
  Stream stream = Stream(callable).mark();
  for (const Stream& argument : arguments) stream.raw(argument.str());
  return stream.op(Op::tuple).op(Op::reduce);
}

// A whole pickle of protocol 4.
std::string whole(const Stream& stream) { return Stream().proto(4).raw(stream.str()).stop().str(); }

struct Row {
  std::string_view what;  ///< the bypass, and who published it
  std::string payload;
};

void expect_at_least(Verdict least, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const Verdict found = verdict_of(row.payload);
    BOOST_TEST((found >= least), row.what << " is " << to_string(found));
  }
}

const std::string bad = dangerous_pickle();

}  // namespace

BOOST_AUTO_TEST_SUITE(bypass)

// Each was one more name missing from a block-list: advisories against picklescan; then their kin.
BOOST_AUTO_TEST_CASE(names_of_published_advisories_are_dangerous_however_they_are_spelled) {
  struct Advisory {
    std::string_view id, module, name;
  };
  const Advisory advisories[] = {
      {"GHSA-3gf5-cxq9-w223", "idlelib.pyshell", "ModifiedInterpreter.runcode"},
      {"GHSA-3vg9-h568-4w9m", "idlelib.debugobj", "ObjectTreeItem.SetText"},
      {"GHSA-4675-36f9-wf6r", "ctypes", "CDLL"},
      {"GHSA-49gj-c84q-6qm9", "cProfile", "run"},
      {"GHSA-4r9r-ch6f-vxmx", "torch.utils.bottleneck.__main__", "run_cprofile"},
      {"GHSA-5qwp-399c-mjwf", "trace", "Trace.run"},
      {"GHSA-6vqj-c2q5-j97w", "profile", "Profile.runctx"},
      {"GHSA-86cj-95qr-2p4f", "torch._dynamo.guards", "GuardBuilder.get"},
      {"GHSA-84r2-jw7c-4r5q", "pydoc", "locate"},
      {"GHSA-955r-x9j8-7rhh", "_operator", "methodcaller"},
      {"GHSA-9xph-j2h6-g47v", "idlelib.calltip", "get_entity"},
      {"GHSA-cj3c-v495-4xqh", "code", "InteractiveInterpreter.runcode"},
      {"GHSA-f4x7-rfwp-v3xw", "torch.fx.experimental.symbolic_shapes",
       "ShapeEnv.evaluate_guards_expression"},
      {"GHSA-f54q-57x4-jg88", "lib2to3.pgen2.grammar", "Grammar.loads"},
      {"GHSA-f745-w6jp-hpxx", "torch.utils.collect_env", "run"},
      {"GHSA-fqq6-7vqf-w3fg", "doctest", "debug_script"},
      {"GHSA-g38g-8gr9-h9xp", "imaplib", "IMAP4_stream"},
      {"GHSA-g38g-8gr9-h9xp", "_pyrepl.pager", "pipe_pager"},
      {"GHSA-g38g-8gr9-h9xp", "test.support.script_helper", "assert_python_ok"},
      {"GHSA-g38g-8gr9-h9xp", "uuid", "_get_command_stdout"},
      {"GHSA-h3qp-7fh3-f8h4", "torch.utils.data.datapipes.utils.decoder", "basichandlers"},
      {"GHSA-m273-6v24-x4m4", "distutils.file_util", "write_file"},
      {"GHSA-q77w-mwjj-7mqx", "asyncio.unix_events", "_UnixSubprocessTransport._start"},
      {"GHSA-r8g5-cgf2-4m4m", "numpy.f2py.crackfortran", "getlincoef"},
      {"GHSA-vqmv-47xg-9wpr", "pty", "spawn"},
      {"GHSA-vr7h-p6mm-wpmh", "torch.jit.unsupported_tensor_ops", "execWrapper"},
      {"GHSA-vv6j-3g6g-2pvj", "torch.utils._config_module", "ConfigModule.load_config"},
      {"GHSA-vvpj-8cmc-gx39", "pkgutil", "resolve_name"},
      {"GHSA-xp4f-hrf8-rxw7", "ensurepip", "_run_pip"},
      {"runs a file", "runpy", "run_path"},
      {"runs a text", "timeit", "timeit"},
      {"installs packages", "pip", "main"},
      {"reads a file", "linecache", "getline"},
      {"reads further pickles", "torch", "load"},
      {"reads further pickles", "torch.hub", "load"},
      {"reads further pickles", "joblib", "load"},
      {"reads further pickles", "torch.storage", "_load_from_bytes"},
      {"imports by string", "numpy.core", "_ufunc_reconstruct"},
  };
  for (const auto& [id, module, name] : advisories) {
    expect_at_least(
        Verdict::dangerous,
        {{id, whole(reduce(global(module, name), {}))},
         {id, whole(reduce(text(module).text(name).stack_global(), {}))},
         {id, whole(Stream().symbol(module, name).op(Op::pop).get(0).get(1).stack_global())},
         {id, whole(Stream().inst(module, name))},
         {id, whole(Stream().mark().raw(global(module, name).str()).one().op(Op::obj))},
         {id, whole(global(module, name).op(Op::empty_tuple).op(Op::newobj))},
         {id, whole(Stream(global(module, name)).op(Op::pop).op(Op::none))},
         {id, whole(reduce(global("functools", "partial"), {global(module, name)}))}});
  }
}

BOOST_AUTO_TEST_CASE(names_that_lead_elsewhere_are_dangerous) {
  const Stream getattr = global("builtins", "getattr");
  const Stream path = global("pathlib", "PosixPath");
  const Stream loaded = reduce(global("dill._dill", "_import_module"), {text("os")});
  expect_at_least(
      Verdict::dangerous,
      {{"dotted through torch: PickleBall's bypasses",
        whole(reduce(text("torch").text("serialization.os.system").stack_global(), {text("id")}))},
       {"dotted through numpy",
        whole(text("numpy").text("f2py.crackfortran.getlincoef").stack_global())},
       {"dotted through pathlib: GHSA-5j3x-jp52-966f",
        whole(text("pathlib").text("os.system").stack_global())},
       {"Python 2's name: picklescan malicious10", "c__builtin__\nexecfile\n."s},
       {"Python 2's module", "ccommands\ngetoutput\n."s},
       {"the operating system's own module: modelaudit's posix_alias_attack", "cposix\nsystem\n."s},
       {"a private twin", "c_io\nFileIO\n."s},
       {"PROTO in mid-stream changes what names mean",
        Stream().proto(4).proto(2).global("__builtin__", "apply").stop().str()},
       {"a method by getattr", whole(reduce(reduce(getattr, {path, text("write_text")}), {}))},
       {"globals by getattr",
        whole(reduce(getattr, {global("torch._utils", "_rebuild_tensor_v2"),
                               text("__globals__")}))},
       {"getattr of what a call made",
        whole(reduce(getattr, {reduce(path, {text("x")}), text("write_text")}))},
       {"getattr handed on", whole(reduce(global("functools", "partial"), {getattr}))},
       {"getattr as a factory", whole(reduce(global("collections", "defaultdict"), {getattr}))},
       {"dill's import", whole(loaded)},
       {"dill's import and lookup: reference, section B.5",
        whole(reduce(global("dill._dill", "_get_attr"), {loaded, text("system")}))},
       {"a name behind a call",
        whole(text("os").raw(reduce(global("builtins", "str"), {text("system")}).str())
                  .stack_global())},
       {"a name of bytes", whole(text("os").op(Op::short_binbytes, "system", 1).stack_global())},
       {"a name of escapes", "S'\\x6fs'\nS'\\x73ystem'\n\x93."s},
       {"a memo entry put twice",
        whole(Stream().text("math").put(0).op(Op::pop).text("os").put(0).op(Op::pop)
                  .get(0).text("system").stack_global())},
       {"a memo entry by MEMOIZE over PUT",
        whole(Stream().text("x").put(1).op(Op::pop).text("os").memo().op(Op::pop)
                  .get(1).text("system").stack_global())},
       {"marks between module and name",
        whole(Stream().text("os").mark().text("y").op(Op::pop_mark).text("system")
                  .stack_global())}});
}

BOOST_AUTO_TEST_CASE(streams_that_readers_disagree_on_are_dangerous) {
  const Stream system = global("os", "system");
  const std::string safe = pickle_of("x");
  expect_at_least(
      Verdict::dangerous,
      {{"a second pickle: picklescan malicious6", safe + bad},
       {"a second pickle in protocol 0", safe + "cos\nsystem\n(S'id'\ntR."},
       {"white space, then a second pickle", safe + "\n\n" + bad},
       {"a broken tail: nullifAI, ReversingLabs 2025", bad.substr(0, bad.size() - 1) + "\xff\xff"},
       {"a tail that fails on a memo entry that is missing",
        bad.substr(0, bad.size() - 1) + "h\xc8."},
       {"a call whose result is dropped: fickling GHSA-mxhj-88fx-4pcv",
        whole(Stream().mark().raw(system.str()).text("id").op(Op::obj).op(Op::pop).one())},
       {"a call below what is returned", whole(reduce(system, {text("id")}).one())},
       {"state for a module's own dict: sys_module_override_sploit",
        whole(global("sys", "modules").text("x").one().op(Op::setitem))},
       {"state for an allowed class", whole(global("collections", "OrderedDict")
                                                .op(Op::empty_dict).op(Op::build))},
       {"items for an allowed class",
        whole(global("collections", "OrderedDict").text("x").one().op(Op::setitem))},
       {"legacy magic from a call: picklescan's pytorch_magic_bypass",
        whole(reduce(global("builtins", "eval"), {text("0x1950a86a20f9469cfc6c")}))},
       {"a frame that ends inside an opcode: python/cpython#154848",
        Stream().proto(4).frame(2).raw("I12\n").raw(system.str()).stop().str()},
       {"a name that is not UTF-8", Stream().proto(2).global("os\xff", "system").stop().str()},
       {"a list that is no list: type-confusion-exploit",
        Stream().proto(2).raw(system.str()).one().one().op(Op::append).stop().str()}});
}

BOOST_AUTO_TEST_CASE(one_file_of_two_formats_is_dangerous) {
  // A tar by its checksum: torch.load asks for that before anything else.
  const std::string tar = Tar().add("pickle", "").str();
  std::string array = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (900,), }\n", "");
  const std::string body = std::string(900 - 512 + array.size(), 'x');
  std::string header(512 - array.size(), 'a');
  array += header;
  array.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : array) sum += static_cast<unsigned char>(c);
  array.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
  array += body;
  expect_at_least(Verdict::dangerous, {{"an array that is a tar", array}});
  // The name of the first member is what pickle.load reads.
  const std::string front = "cposix\nsystem\n(S'x'\ntR.";
  expect_at_least(Verdict::dangerous, {{"a tar that is a pickle", Tar().add(front, "").str()}});
  BOOST_TEST((verdict_of(Tar().add("config.json", "{}").str()) == Verdict::unknown));
}

BOOST_AUTO_TEST_CASE(members_that_one_reader_skips_are_looked_into) {
  const std::string objects = npy(npy_literal("'|O'", 1), bad);
  expect_at_least(
      Verdict::dangerous,
      {{"objects in an npz below data", Zip().add("x/data/y.npy", objects).str()},
       {"a pickle that is named as an array", Zip().add("x/data/y.npy", bad).str()},
       {"a storage that is an array", Zip().add("x/data.pkl", pickle_of("s")).add("x/version", "3")
                                          .add("x/data/0", objects).str()}});
  const std::string twice = Zip().add("a.npy", npy(npy_literal("'|u1'", 1), "x"))
                                .add("a.npy", npy(npy_literal("'|u1'", 1), "y")).str();
  expect_at_least(Verdict::unknown, {{"two members of one name", twice}});
}

BOOST_AUTO_TEST_CASE(numbers_that_readers_take_otherwise_are_not_safe) {
  expect_at_least(
      Verdict::unknown,
      {{"an octal number", Stream().proto(2).line(Op::int_, "017").stop().str()},
       {"a number with a NUL", Stream().proto(2).line(Op::int_, "1\0zz"s).stop().str()}});
}

BOOST_AUTO_TEST_CASE(containers_do_not_hide) {
  Zip mismatch;
  mismatch.add({.name = "data.pkl", .data = bad, .local_name = "datap.kl"});
  expect_at_least(
      Verdict::dangerous,
      {{"gzip: 334 of 334 compressed files passed picklescan 1.0.5", packed(CodecId::gzip, bad)},
       {"bzip2", packed(CodecId::bzip2, bad)},
       {"xz", packed(CodecId::xz, bad)},
       {"zstd", packed(CodecId::zstd, bad)},
       {"another suffix: CVE-2025-1889, CVE-2025-10155", Zip().add("model.bin", bad).str()},
       {"no suffix", Zip().add("weights", bad).str()},
       {"capitals", Zip().add("DATA.PKL", "cos\nsystem\n.").str()},
       {"two names of one member: CVE-2025-1944", mismatch.str()},
       {"a wrong checksum: CVE-2025-10156", Zip().add("data.pkl", bad).str()},
       {"a member that is called a storage", Zip().add("m/data/0.pkl", bad).str()},
       {"objects in npy: CVE-2019-6446", npy(npy_literal("'|O'", 1), bad)},
       {"objects in npz", Zip().add("a.npy", npy(npy_literal("'|O'", 1), bad)).str()}});
  expect_at_least(
      Verdict::unknown,
      {{"a zip in a zip", Zip().add("a.zip", Zip().add("data.pkl", bad).str()).str()},
       {"gzip in gzip", packed(CodecId::gzip, packed(CodecId::gzip, bad))},
       {"7z", "7z\xbc\xaf\x27\x1c" + noise(100)},
       {"lz4", "\x04\x22\x4d\x18" + noise(100)},
       {"zlib", "\x78\x9c" + noise(100)},
       {"bytes behind the last pickle", pickle_of("x") + "\0more"s},
       {"a member that is deflated",
        Zip().add({.name = "data.pkl", .data = bad, .method = 8}).str()}});
}

// Chains that need no name that is denied.
BOOST_AUTO_TEST_CASE(chains_of_names_that_are_known_are_not_safe) {
  const Stream loads = global("numpy.random._pickle", "__randomstate_ctor");
  const Stream log1p = global("numpy", "log1p");
  const Stream partial = global("functools", "partial");
  const Stream ordered = global("collections", "OrderedDict");
  const Stream dtype = reduce(global("numpy", "dtype"), {text("O8")});
  const Stream shape = Stream().op(Op::binint2, 1000, 2).op(Op::tuple1);
  const Stream array = reduce(global("numpy.core.multiarray", "_reconstruct"),
                              {global("numpy", "ndarray"), Stream().op(Op::empty_tuple),
                               text("b")});
  const Stream state = Stream().mark().one().raw(shape.str()).raw(dtype.str()).op(Op::newfalse)
                           .op(Op::empty_list).op(Op::tuple);
  expect_at_least(
      Verdict::unknown,
      {{"a function as an argument that is called", whole(reduce(loads, {text("x"), log1p}))},
       {"a partial of a function", whole(reduce(partial, {log1p}))},
       {"a partial whose state has another function",
        whole(Stream(reduce(partial, {ordered})).mark().raw(log1p.str()).op(Op::empty_tuple)
                  .op(Op::none).op(Op::none).op(Op::tuple).op(Op::build))},
       {"a factory", whole(reduce(global("collections", "defaultdict"), {log1p}))},
       {"a value that is called", whole(reduce(log1p, {text("x")}))},
       {"an object that is called", whole(reduce(reduce(ordered, {}), {}))},
       {"a persistent id that is called", "\x80\x02Pos\n)R."s},
       {"an attribute of an allowed class",
        whole(reduce(global("builtins", "getattr"), {ordered, text("fromkeys")}))},
       {"another codec", whole(reduce(global("_codecs", "encode"), {text("x"), text("zlib")}))},
       {"an extension code: modelaudit ffb5ec1c", whole(Stream().op(Op::ext1, 1, 1))},
       {"a class by a base of its own",
        whole(reduce(global("copyreg", "_reconstructor"),
                     {ordered, global("random", "Random"), text("x")}))},
       {"a file that a wrapper of old joblib names",
        whole(global("joblib.numpy_pickle", "NDArrayWrapper").op(Op::empty_tuple)
                  .op(Op::newobj))},
       {"torch's function called by torch's rebuild",
        whole(reduce(global("torch._tensor", "_rebuild_from_type_v2"),
                     {log1p, ordered, Stream().op(Op::empty_tuple), Stream().op(Op::none)}))},
       {"objects that do not fill their array: numpy 1.24.2 and 2.4.6 crash",
        whole(Stream(array).raw(state.str()).op(Op::build))}});
}

// What an instance carries, its class or another one may call.
BOOST_AUTO_TEST_CASE(classes_that_something_would_call_are_not_safe) {
  const Stream booster = global("xgboost.core", "Booster");
  const auto object = [](std::string_view module, std::string_view name) {
    return global(module, name).op(Op::empty_tuple).op(Op::newobj);
  };
  const auto dict = [](const Stream& key, const Stream& value) {
    return Stream().op(Op::empty_dict).raw(key.str()).raw(value.str()).op(Op::setitem);
  };
  const auto with = [&](const Stream& made, std::string_view key, const Stream& value) {
    return whole(Stream(made).raw(dict(text(key), value).str()).op(Op::build));
  };
  const Stream linear = object("torch.nn.modules.linear", "Linear");
  const Stream hooks = Stream(reduce(global("collections", "OrderedDict"), {}))
                           .one().raw(booster.str()).op(Op::setitem);
  const Stream state = dict(text("append"), global("numpy", "log1p"));
  const Stream tensor = global("torch._utils", "_rebuild_tensor_v2");
  std::vector<Row> rows = {
      {"modules", with(linear, "_modules", dict(text("0"), booster))},
      {"hooks", with(linear, "_forward_hooks", hooks)},
      {"a partial", with(linear, "forward", reduce(global("functools", "partial"), {booster}))},
      {"a default", with(linear, "_parameters", reduce(global("collections", "defaultdict"),
                                                       {booster}))},
      {"a list", with(linear, "x", Stream().op(Op::empty_list).raw(booster.str()).op(Op::append))},
      {"a namespace", with(object("argparse", "Namespace"), "score", booster)},
      {"another namespace",
       with(reduce(global("types", "SimpleNamespace"), {}), "predict", booster)},
      {"an estimator", with(object("sklearn.svm._classes", "SVC"), "kernel", booster)},
      {"a state of a parameter",
       whole(reduce(global("torch._utils", "_rebuild_parameter_with_state"),
                    {Stream().op(Op::none), Stream().op(Op::none), Stream().op(Op::none),
                     dict(text("x"), booster)}))},
      {"a state of a rebuilt tensor",
       whole(reduce(global("torch._tensor", "_rebuild_from_type_v2"),
                    {tensor, global("torch.nn.parameter", "Parameter"),
                     Stream().op(Op::empty_tuple), dict(text("x"), booster)}))},
      {"a result", whole(booster)},
      {"items for what has a state", whole(Stream(linear).raw(state.str()).op(Op::build).one()
                                               .op(Op::append))},
      {"two states", whole(Stream(linear).raw(state.str()).op(Op::build).op(Op::empty_dict)
                               .op(Op::build))},
      {"a class by a persistent id",
       whole(Stream().mark().text("module").raw(booster.str()).op(Op::none).op(Op::none)
                 .op(Op::tuple).op(Op::binpersid))}};
  for (const std::string_view key :
       {"forward", "__call__", "append", "extend", "add", "items", "keys", "get", "predict",
        "transform", "_forward_hooks", "_load_state_dict_pre_hooks"}) {
    rows.push_back({"an attribute", with(linear, key, booster)});
  }
  expect_at_least(Verdict::unknown, rows);
}

BOOST_AUTO_TEST_CASE(what_calls_made_does_not_pass_for_literals) {
  const Stream dtype = reduce(global("numpy", "dtype"), {text("O8")});
  const Stream array = reduce(global("numpy.core.multiarray", "_reconstruct"),
                              {global("numpy", "ndarray"), Stream().op(Op::empty_tuple),
                               text("b")});
  const Stream length = Stream().op(Op::binint2, 1000, 2);
  const Stream list = Stream().op(Op::empty_list);
  const auto state = [&](const Stream& shape, const Stream& objects) {
    return Stream().mark().one().raw(shape.str()).raw(dtype.str()).op(Op::newfalse)
        .raw(objects.str()).op(Op::tuple);
  };
  const Stream shape = Stream(length).op(Op::tuple1);
  const Stream sound = state(Stream().op(Op::empty_tuple), list);
  const auto built = [&](const Stream& with) {
    return whole(Stream(array).raw(with.str()).op(Op::build));
  };
  const Stream masked = reduce(global("numpy.ma.core", "_mareconstruct"),
                               {global("numpy.ma.core", "MaskedArray"), global("numpy", "ndarray"),
                                Stream().op(Op::empty_tuple), text("b")});
  expect_at_least(
      Verdict::unknown,
      {{"objects in a list by a call",
        built(state(shape, reduce(global("builtins", "list"), {list})))},
       {"a shape by a call", built(state(reduce(global("torch", "Size"), {shape}), list))},
       {"a state by a call", built(reduce(global("builtins", "list"), {sound}))},
       {"a queue", built(reduce(global("collections", "deque"), {sound}))},
       {"a queue for a masked array",
        whole(Stream(masked).raw(reduce(global("collections", "deque"), {sound}).str())
                  .op(Op::build))}});
}

BOOST_AUTO_TEST_CASE(bytes_that_torch_loads_are_judged_as_its_files) {
  const auto loads = [](std::string_view content) {
    return whole(Stream().global("torch.storage", "_load_from_bytes").op(Op::binbytes, content, 4)
                     .memo().op(Op::tuple1).op(Op::reduce));
  };
  BOOST_TEST((verdict_of(loads(pickle_of("x"))) == Verdict::safe));
  const std::string zip = Zip().add("a/data.pkl", bad).add("a/version", "3").str();
  expect_at_least(Verdict::dangerous, {{"a pickle", loads(bad)}, {"a zip", loads(zip)}});
  const std::string inner = loads(pickle_of("x"));
  expect_at_least(
      Verdict::unknown,
      {{"out of sight", packed(CodecId::gzip, inner)},
       {"in bytes", whole(Stream().op(Op::binbytes, inner, 4))},
       {"too deep", loads(loads(loads(loads(bad))))}});
  expect_at_least(
      Verdict::dangerous,
      {{"bytes from the memo",
        whole(Stream().op(Op::binbytes, pickle_of("x"), 4).memo().op(Op::binbytes, bad, 4)
                  .op(Op::pop).op(Op::pop).global("torch.storage", "_load_from_bytes").get(0)
                  .op(Op::tuple1).op(Op::reduce))}});
}

BOOST_AUTO_TEST_CASE(what_frameworks_do_with_the_same_names_is_safe) {
  const Stream none = Stream().op(Op::none);
  const Stream object = global("builtins", "object");
  const Stream tensor = global("torch._utils", "_rebuild_tensor_v2");
  const Row rows[] = {
      {"a partial", whole(reduce(reduce(global("functools", "partial"),
                                        {global("pandas.core.internals.blocks", "new_block")}),
                                 {}))},
      {"a factory",
       whole(reduce(global("collections", "defaultdict"), {global("builtins", "list")}))},
      {"protocol 1", whole(reduce(global("copy_reg", "_reconstructor"),
                                  {global("sklearn.svm._classes", "SVC"), object, none}))},
      {"a subclass of a tensor",
       whole(reduce(global("torch._tensor", "_rebuild_from_type_v2"),
                    {tensor, global("torch.nn.parameter", "Parameter"),
                     Stream().op(Op::empty_tuple), none}))},
      {"bytes in protocol 2",
       whole(reduce(global("_codecs", "encode"), {text("caf"), text("latin1")}))},
      {"dill's numpy.ndarray",
       whole(reduce(global("dill._dill", "_get_attr"),
                    {reduce(global("dill._dill", "_import_module"), {text("numpy")}),
                     text("ndarray")}))},
      {"a layer",
       whole(global("torch.nn.modules.linear", "Linear").op(Op::empty_tuple).op(Op::newobj)
                 .op(Op::empty_dict).text("_forward_hooks")
                 .raw(reduce(global("collections", "OrderedDict"), {}).str()).op(Op::setitem)
                 .op(Op::build))},
      {"an element type and a function as settings",
       whole(global("sklearn.svm._classes", "SVC").op(Op::empty_tuple).op(Op::newobj)
                 .op(Op::empty_dict).text("dtype").global("numpy", "float64").op(Op::setitem)
                 .text("func").global("numpy", "log1p").op(Op::setitem).op(Op::build))},
      {"a layer in torch's first format",
       whole(Stream().mark().text("module").global("torch.nn.modules.linear", "Linear")
                 .op(Op::none).op(Op::none).op(Op::tuple).op(Op::binpersid)
                 .op(Op::empty_tuple).op(Op::newobj))},
      {"a storage's type",
       whole(text("storage").global("torch", "FloatStorage").op(Op::tuple2).op(Op::binpersid))},
  };
  for (const Row& row : rows) BOOST_TEST((verdict_of(row.payload) == Verdict::safe), row.what);
}

BOOST_AUTO_TEST_SUITE_END()
