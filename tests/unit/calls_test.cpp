// What a pickle does with the symbols that it pushes.
#include <fmt/format.h>

#include "pickle/machine.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

namespace {

std::string letters(Roles roles) {
  std::string all;
  if ((roles & role::value) != 0) all += 'v';
  if ((roles & role::instance) != 0) all += 'i';
  if ((roles & role::checked) != 0) all += 'k';
  if ((roles & role::called) != 0) all += 'c';
  return all;
}

// `module:Name=roles`, those that calls lead to with a star, then what else is told.
std::string roles(const Stream& stream, Detail detail = Detail::symbols) {
  Machine machine(detail);
  machine.begin();
  TokenReader reader(machine, 0, {});
  reader.feed(Stream(stream).stop().bytes());
  BOOST_TEST((reader.state() == TokenReader::State::stopped), reader.reason());
  std::string all;
  for (const MetSymbol& met : machine.symbols()) {
    all += fmt::format("{}{}:{}={} ", met.count == 0 ? "*" : "", met.symbol.module,
                       met.symbol.name, letters(met.roles));
  }
  for (const Concern& concern : machine.concerns()) {
    switch (concern.kind) {
      case Concern::Kind::calls_object:
        all += concern.symbol ? "object of " + machine.symbols()[*concern.symbol].symbol.name + " "
                              : "object ";
        break;
      case Concern::Kind::changes_import: all += "changes "; break;
      case Concern::Kind::forged_objects: all += "forged "; break;
      default: all += "dtype "; break;
    }
  }
  return all;
}

// `callable` on `arguments`, each one value.
Stream reduce(const Stream& callable, std::initializer_list<Stream> arguments) {
  Stream stream = Stream(callable).mark();
  for (const Stream& argument : arguments) stream.raw(argument.str());
  return stream.op(Op::tuple).op(Op::reduce);
}

Stream global(std::string_view module, std::string_view name) {
  return Stream().global(module, name);
}

const Stream none = Stream().op(Op::none);
const Stream own = global("m", "C");
const Stream other = global("m", "f");
const Stream object = global("builtins", "object");

Stream text(std::string_view content) { return Stream().text(content); }

}  // namespace

BOOST_AUTO_TEST_SUITE(calls)

BOOST_AUTO_TEST_CASE(every_opcode_says_what_it_does_with_a_symbol) {
  const Stream empty = Stream().op(Op::empty_tuple);
  struct Row {
    Stream stream;
    std::string_view roles;
  };
  const Row rows[] = {
      {own, "m:C=v "},
      {Stream(own).op(Op::pop).one(), "m:C= "},
      {Stream(own).memo().op(Op::pop).one(), "m:C= "},
      {Stream(own).op(Op::tuple1), "m:C=v "},
      {Stream().op(Op::empty_list).raw(own.str()).op(Op::append), "m:C=v "},
      {Stream(own).op(Op::binpersid), "m:C=v "},
      {Stream().op(Op::empty_dict).raw(own.str()).one().op(Op::setitem), "m:C=v "},
      {reduce(own, {}), "m:C=c "},
      {Stream(own).raw(empty.str()).op(Op::newobj), "m:C=i "},
      {Stream(own).raw(empty.str()).op(Op::empty_dict).op(Op::newobj_ex), "m:C=i "},
      {Stream().inst("m", "C"), "m:C=i "},
      {Stream().mark().one().line(Op::inst, "m").raw("C\n"), "m:C=c "},
      {Stream().mark().raw(own.str()).op(Op::obj), "m:C=i "},
      {Stream().mark().raw(own.str()).one().op(Op::obj), "m:C=c "},
      {Stream(own).memo().raw(empty.str()).op(Op::newobj).op(Op::pop).get(0), "m:C=vi "},
      {reduce(own, {other}), "m:C=c m:f=v "},
      {Stream(reduce(own, {})).raw(other.str()).op(Op::build), "m:C=c m:f=v "},
  };
  for (const Row& row : rows) {
    BOOST_TEST(roles(row.stream) == row.roles);
    BOOST_TEST(roles(row.stream, Detail::pushes) == row.roles);
  }
}

BOOST_AUTO_TEST_CASE(a_call_of_what_is_no_symbol_is_told) {
  const Stream made = reduce(own, {});
  BOOST_TEST(roles(reduce(made, {})) == "m:C=c object of C ");
  BOOST_TEST(roles(reduce(reduce(made, {}), {})) == "m:C=c object of C ");
  BOOST_TEST(roles(reduce(Stream().line(Op::persid, "x"), {})) == "object ");
  BOOST_TEST(roles(reduce(Stream().op(Op::ext1, 7, 1), {})) == "object ");
  BOOST_TEST(roles(Stream().mark().raw(made.str()).op(Op::obj)) == "m:C=c object of C ");
  BOOST_TEST(roles(Stream(made).op(Op::empty_tuple).op(Op::newobj)) ==
             "m:C=c object of C ");
  BOOST_TEST(roles(reduce(Stream(made).memo().op(Op::pop).get(0), {})) ==
             "m:C=c object of C ");
}

BOOST_AUTO_TEST_CASE(calls_that_run_an_argument_give_it_its_role) {
  struct Row {
    Stream callable;
    std::vector<Stream> arguments;
    std::string_view roles;
  };
  const Stream partial = global("functools", "partial");
  const Stream defaults = global("collections", "defaultdict");
  const Stream again = global("copyreg", "_reconstructor");
  const Stream random = global("numpy.random._pickle", "__randomstate_ctor");
  const Stream maker = global("numpy.random._pickle", "__bit_generator_ctor");
  const Stream encode = global("_codecs", "encode");
  const Stream rebuild = global("torch._tensor", "_rebuild_from_type_v2");
  const Stream tensor = global("torch._utils", "_rebuild_tensor_v2");
  const Row rows[] = {
      {again, {own, object, none}, "copyreg:_reconstructor=vk m:C=i builtins:object=v "},
      {again, {own, other, none}, "copyreg:_reconstructor=vc m:C=v m:f=v "},
      {again, {own, object}, "copyreg:_reconstructor=vc m:C=v builtins:object=v "},
      {again, {text("x"), object, none}, "copyreg:_reconstructor=vc builtins:object=v "},
      {again, {own, global("builtins", "tuple"), Stream().op(Op::empty_tuple)},
       "copyreg:_reconstructor=vk m:C=i builtins:tuple=v "},
      {again, {own, global("builtins", "tuple"), Stream().op(Op::empty_list)},
       "copyreg:_reconstructor=vc m:C=v builtins:tuple=v "},
      {again, {own, global("builtins", "eval"), none},
       "copyreg:_reconstructor=vc m:C=v builtins:eval=v "},
      {global("copyreg", "__newobj__"), {own, text("x")}, "copyreg:__newobj__=vk m:C=i "},
      {global("copyreg", "__newobj__"), {reduce(own, {})}, "copyreg:__newobj__=vc m:C=c "},
      {partial, {other}, "functools:partial=vk m:f=vc "},
      {partial, {}, "functools:partial=vc "},
      {partial, {partial, other}, "functools:partial=vc m:f=v "},
      {partial, {reduce(own, {})}, "functools:partial=vc m:C=c "},
      {defaults, {own}, "collections:defaultdict=vk m:C=vc "},
      {defaults, {none}, "collections:defaultdict=vk "},
      {defaults, {}, "collections:defaultdict=vk "},
      {defaults, {text("x")}, "collections:defaultdict=vk "},
      {defaults, {reduce(own, {})}, "collections:defaultdict=vc m:C=c "},
      {defaults, {reduce(partial, {own})},
       "collections:defaultdict=vk functools:partial=k m:C=vc "},
      {random, {text("MT19937")}, "numpy.random._pickle:__randomstate_ctor=vk "},
      {random, {own}, "numpy.random._pickle:__randomstate_ctor=vk m:C=vc "},
      {random, {text("MT19937"), other}, "numpy.random._pickle:__randomstate_ctor=vk m:f=vc "},
      {random, {text("MT19937"), maker}, "numpy.random._pickle:__randomstate_ctor=vk "
       "numpy.random._pickle:__bit_generator_ctor=vk "},
      {random, {text("MT19937"), reduce(own, {})},
       "numpy.random._pickle:__randomstate_ctor=vc m:C=c "},
      {random, {partial}, "numpy.random._pickle:__randomstate_ctor=vc functools:partial=v "},
      {maker, {own}, "numpy.random._pickle:__bit_generator_ctor=vk m:C=vc "},
      {encode, {text("caf"), text("latin1")}, "_codecs:encode=vk "},
      {encode, {text("caf"), text("zlib")}, "_codecs:encode=vc "},
      {encode, {reduce(own, {}), text("latin1")}, "_codecs:encode=vc m:C=c "},
      {rebuild, {tensor, own, none, none},
       "torch._tensor:_rebuild_from_type_v2=vk torch._utils:_rebuild_tensor_v2=vc m:C=i "},
      {rebuild, {other, own, none, none}, "torch._tensor:_rebuild_from_type_v2=vc m:f=v m:C=v "},
      {global("multiarray", "scalar"), {reduce(global("numpy", "dtype"), {text("f8")}), none},
       "multiarray:scalar=vk numpy:dtype=c "},
      {global("multiarray", "scalar"), {reduce(global("numpy", "dtype"), {none}), none},
       "multiarray:scalar=vc numpy:dtype=c "},
      {global("multiarray", "scalar"), {none, none}, "multiarray:scalar=vc "},
      {global("numpy.ma.core", "_mareconstruct"), {own, own}, "numpy.ma.core:_mareconstruct=vk "
       "m:C=i "},
      {global("numpy.ma.core", "_mareconstruct"), {own, none}, "numpy.ma.core:_mareconstruct=vc "
       "m:C=vi "},
  };
  for (const Row& row : rows) {
    // Kept beside its result, so that a role of the callable itself shows.
    Stream stream = Stream(row.callable).memo().mark();
    for (const Stream& argument : row.arguments) stream.raw(argument.str());
    stream.op(Op::tuple).op(Op::reduce).get(0).op(Op::tuple2);
    BOOST_TEST(roles(stream) == row.roles);
    BOOST_TEST(roles(stream, Detail::pushes) == row.roles);
  }
}

BOOST_AUTO_TEST_CASE(arguments_that_are_out_of_sight_vouch_for_nothing) {
  Stream stream = Stream().mark().raw(own.str()).raw(object.str()).op(Op::none).op(Op::tuple);
  stream.memo().op(Op::pop);
  for (int i = 0; i < 300; ++i) stream.op(Op::empty_tuple).op(Op::pop);
  stream.global("copyreg", "_reconstructor").get(0).op(Op::reduce);
  BOOST_TEST(roles(stream) == "m:C=v builtins:object=v copyreg:_reconstructor=c ");
  const Stream made = Stream().global("functools", "partial").raw(reduce(own, {}).str());
  BOOST_TEST(roles(Stream(made).op(Op::reduce)) == "functools:partial=c m:C=c ");
  // Arguments and keywords in one.
  const Stream keywords = Stream().global("functools", "partial").raw(other.str()).op(Op::tuple1)
                              .op(Op::empty_dict).op(Op::newobj_ex);
  BOOST_TEST(roles(keywords) == "functools:partial=c m:f=v ");
}

BOOST_AUTO_TEST_CASE(a_partial_may_be_called_as_its_function_may) {
  const Stream partial = reduce(global("functools", "partial"), {other});
  const std::string both = "functools:partial=k m:f=vc ";
  BOOST_TEST(roles(reduce(partial, {none})) == both);
  const Stream state = Stream().mark().raw(own.str()).op(Op::empty_tuple).op(Op::none).op(Op::none)
                           .op(Op::tuple).op(Op::build);
  BOOST_TEST(roles(Stream(partial).raw(state.str())) == both + "m:C=vc ");
  BOOST_TEST(roles(Stream(partial).op(Op::empty_dict).op(Op::build)) == both + "object ");
  BOOST_TEST(roles(Stream(partial).raw(reduce(own, {}).str()).op(Op::tuple1).op(Op::build)) ==
             both + "m:C=c object ");
}

BOOST_AUTO_TEST_CASE(attributes_that_are_written_out_are_symbols) {
  const Stream getattr = global("builtins", "getattr");
  BOOST_TEST(roles(reduce(getattr, {own, text("run")})) == "builtins:getattr=k m:C= *m:C.run=v ");
  const Stream deep = reduce(getattr, {reduce(getattr, {own, text("a")}), text("b")});
  BOOST_TEST(roles(reduce(deep, {})) ==
             "builtins:getattr=k m:C= *m:C.a= *m:C.a.b=c ");
  BOOST_TEST(roles(reduce(getattr, {reduce(own, {}), text("run")})) ==
             "builtins:getattr=c m:C=c ");
  BOOST_TEST(roles(reduce(getattr, {own, reduce(other, {})})) ==
             "builtins:getattr=c m:C=v m:f=c ");
  BOOST_TEST(roles(reduce(getattr, {own, text("a b")})) == "builtins:getattr=c m:C=v ");
  BOOST_TEST(roles(reduce(getattr, {own, text("a"), none})) == "builtins:getattr=c m:C=v ");
  BOOST_TEST(roles(Stream(reduce(getattr, {own, text("a")})).op(Op::empty_dict).op(Op::build)) ==
             "builtins:getattr=k m:C= *m:C.a=v changes ");
}

BOOST_AUTO_TEST_CASE(modules_that_dill_imports_are_symbols) {
  const Stream module = reduce(global("dill._dill", "_import_module"), {text("a.b")});
  const Stream found = reduce(global("dill._dill", "_get_attr"), {module, text("c")});
  BOOST_TEST(roles(module) == "dill._dill:_import_module=k *a.b:=v ");
  BOOST_TEST(roles(reduce(found, {})) ==
             "dill._dill:_get_attr=k dill._dill:_import_module=k *a.b:= *a.b:c=c ");
  BOOST_TEST(roles(reduce(module, {})) == "dill._dill:_import_module=k *a.b:=c ");
}

BOOST_AUTO_TEST_CASE(what_a_call_makes_an_instance_of_is_kept_where_something_else_holds_it) {
  const Stream again = global("copyreg", "__newobj__");
  const Stream arguments = Stream(own).op(Op::tuple1).memo();
  const Stream made = Stream(again).raw(arguments.str()).op(Op::reduce);
  struct Row {
    const char* what;
    Stream stream;
    std::string_view role;
  };
  const Stream list = Stream().op(Op::empty_list);
  Stream far = Stream(made).op(Op::pop);
  for (int i = 0; i < 300; ++i) far.one().op(Op::tuple1).op(Op::pop);
  const Row rows[] = {
      {"no more than made", made, "m:C=i "},
      {"the arguments are kept besides", Stream(made).get(0).op(Op::tuple2), "m:C=vi "},
      {"the arguments are the state", Stream(made).get(0).op(Op::build), "m:C=vi "},
      {"the arguments are the result", Stream(made).op(Op::pop).get(0), "m:C=vi "},
      {"they were kept before",
       Stream(list).raw(arguments.str()).op(Op::append).op(Op::pop).raw(again.str()).get(0)
           .op(Op::reduce), "m:C=vi "},
      {"they are out of sight", Stream(far).get(0), "m:C=vi "},
      {"the class is kept by itself", Stream(made).raw(own.str()).op(Op::tuple2), "m:C=vi "},
      {"two in one",
       Stream(again).raw(own.str()).raw(own.str()).op(Op::tuple2).op(Op::reduce), "m:C=vi "},
  };
  for (const Row& row : rows) {
    const std::string all = roles(row.stream);
    BOOST_TEST(all.find(row.role) != std::string::npos, row.what << ": " << all);
  }
}

BOOST_AUTO_TEST_CASE(a_method_of_a_layer_of_torch_is_one_of_its_class) {
  const Stream layer = global("torch.nn.m", "C");
  const Stream made = Stream(layer).op(Op::empty_tuple).op(Op::newobj);
  const Stream getattr = global("builtins", "getattr");
  BOOST_TEST(roles(reduce(getattr, {made, text("run")})) ==
             "builtins:getattr=k torch.nn.m:C=i *torch.nn.m:C.run=v ");
  const Stream called = Stream(reduce(layer, {})).op(Op::pop).raw(made.str());
  BOOST_TEST(roles(reduce(getattr, {called, text("run")})) ==
             "builtins:getattr=c torch.nn.m:C=ic ");
  const Stream object = Stream(own).op(Op::empty_tuple).op(Op::newobj);
  BOOST_TEST(roles(reduce(getattr, {object, text("run")})) == "builtins:getattr=c m:C=i ");
}

BOOST_AUTO_TEST_CASE(a_class_that_torch_names_by_a_persistent_id_is_that_class) {
  const auto id = [](const Stream& first, std::size_t count) {
    Stream stream = Stream().mark().raw(first.str()).raw(own.str());
    for (std::size_t at = 2; at < count; ++at) stream.op(Op::none);
    return stream.op(Op::tuple).op(Op::binpersid).op(Op::empty_tuple).op(Op::newobj);
  };
  BOOST_TEST(roles(id(text("module"), 4)) == "m:C=i ");
  BOOST_TEST(roles(id(text("storage"), 4)) == "m:C=v object ");
  BOOST_TEST(roles(id(text("module"), 5)) == "m:C=v object ");
}

BOOST_AUTO_TEST_CASE(an_array_of_a_class_that_opens_files_is_made_in_memory) {
  const Stream memmap = global("numpy", "memmap");
  const Stream array = global("numpy.core.multiarray", "_reconstruct");
  BOOST_TEST(roles(reduce(array, {memmap, none})) ==
             "numpy.core.multiarray:_reconstruct=k numpy:memmap=k ");
  BOOST_TEST(roles(Stream(memmap).op(Op::empty_tuple).op(Op::newobj)) == "numpy:memmap=c ");
  BOOST_TEST(roles(reduce(global("copyreg", "__newobj__"), {memmap})) ==
             "copyreg:__newobj__=c numpy:memmap=v ");
  const Stream state = Stream().op(Op::empty_dict).memo().text("subclass").raw(memmap.str())
                           .op(Op::setitem);
  const auto wrapper = [&](std::string_view name) {
    return Stream().global("joblib.numpy_pickle", name).op(Op::empty_tuple).op(Op::newobj)
        .raw(state.str()).op(Op::build);
  };
  BOOST_TEST(roles(wrapper("NumpyArrayWrapper")).ends_with("numpy:memmap=k "));
  BOOST_TEST(roles(wrapper("Other")).ends_with("numpy:memmap=v "));
  BOOST_TEST(roles(Stream(wrapper("NumpyArrayWrapper")).get(0).op(Op::tuple2)).ends_with("dtype "));
}

// Whoever makes a dtype by a detour gives it a state all the same.
BOOST_AUTO_TEST_CASE(a_dtype_by_a_detour_is_a_dtype) {
  const Stream dtype = global("numpy", "dtype");
  const Stream state = Stream().op(Op::empty_dict).op(Op::build);
  const Stream detours[] = {
      reduce(global("copyreg", "__newobj__"), {dtype, text("O8")}),
      reduce(global("functools", "partial"), {dtype, text("O8")}),
      reduce(global("copyreg", "_reconstructor"), {dtype, object, none}),
      reduce(global("pandas.core.indexes.base", "_new_Index"), {dtype, none}),
      reduce(global("torch._tensor", "_rebuild_from_type_v2"), {dtype, dtype, none, none}),
  };
  for (const Stream& detour : detours) {
    const std::string all = roles(Stream(detour).raw(state.str()));
    BOOST_TEST(all.find("=c") != std::string::npos, all);
  }
  for (const Op op : {Op::reduce, Op::newobj}) {
    const Stream made = Stream(dtype).text("O8").op(Op::tuple1).op(op);
    BOOST_TEST(roles(Stream(made).raw(state.str())).ends_with("dtype "));
  }
  const Stream extended =
      Stream(dtype).text("O8").op(Op::tuple1).op(Op::empty_dict).op(Op::newobj_ex);
  BOOST_TEST(roles(Stream(extended).raw(state.str())).ends_with("dtype "));
  const Stream looked_up = reduce(global("dill._dill", "_get_attr"),
                                  {reduce(global("dill._dill", "_import_module"), {text("numpy")}),
                                   text("dtype")});
  BOOST_TEST(roles(Stream(reduce(looked_up, {text("O8")})).raw(state.str())).ends_with("dtype "));
}

BOOST_AUTO_TEST_SUITE_END()
