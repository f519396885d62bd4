#include "migrate/migrate.hpp"
#include "support/expect.hpp"

using namespace brine;
using namespace brine::migrate;

namespace {

Symbol symbol(std::string_view text) {
  const std::size_t colon = text.find(':');
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::string spelled(const Symbol& symbol) { return symbol.module + ":" + symbol.name; }

/// Makes a step of lines `a -> b` (a module), `a = b` (this module only), `a:X -> b:Y` (a symbol).
Step step(std::uint64_t version, std::initializer_list<std::string_view> lines) {
  Table table{.name = "t", .version = version, .title = {}, .rules = {}, .digest = {}};
  for (const std::string_view line : lines) {
    const std::size_t middle = line.find(' ');
    const std::string_view from = line.substr(0, middle);
    const std::string_view to = line.substr(line.rfind(' ') + 1);
    const bool exact = line[middle + 1] == '=';
    if (from.find(':') != std::string_view::npos) {
      table.rules.push_back({RuleKind::symbol, symbol(from), symbol(to), false, 1});
    } else {
      table.rules.push_back(
          {RuleKind::module, {std::string(from), {}}, {std::string(to), {}}, exact, 1});
    }
  }
  return Step(std::move(table));
}

struct Case {
  std::string_view from;
  std::string_view to;  ///< empty: no rule has a say
};

void expect_applied(const Step& step, std::initializer_list<Case> cases) {
  for (const Case& row : cases) {
    const std::optional<Symbol> found = step.apply(symbol(row.from));
    BOOST_TEST((found ? spelled(*found) : "") == row.to, row.from);
  }
}

/// The way of `from` as `to by t:1 t:2`, or nothing.
std::string way(std::string_view from, std::initializer_list<const Step*> steps) {
  const std::vector<const Step*> list(steps);
  const std::optional<Rename> rename = follow(symbol(from), list);
  if (!rename) return {};
  BOOST_TEST(spelled(rename->from) == from);
  BOOST_TEST(rename->count == 0u);
  std::string text = spelled(rename->to) + " by";
  for (const std::string& name : rename->steps) text += " " + name;
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(one_step)

BOOST_AUTO_TEST_CASE(a_path_that_is_reused_in_the_same_release_moves_once) {
  const Step sklearn_022 =
      step(22, {"sklearn.cluster.hierarchical -> sklearn.cluster._hierarchical",
                "sklearn.cluster._hierarchical -> sklearn.cluster._hierarchical_fast"});
  expect_applied(sklearn_022, {{"sklearn.cluster.hierarchical:AgglomerativeClustering",
                                "sklearn.cluster._hierarchical:AgglomerativeClustering"},
                               {"sklearn.cluster._hierarchical:WeightedEdge",
                                "sklearn.cluster._hierarchical_fast:WeightedEdge"},
                               {"sklearn.cluster._hierarchical_fast:WeightedEdge", ""}});
}

BOOST_AUTO_TEST_CASE(two_names_swap) {
  expect_applied(step(1, {"a -> b", "b -> a", "m:X -> m:Y", "m:Y -> m:X"}),
                 {{"a:N", "b:N"}, {"b:N", "a:N"}, {"m:X", "m:Y"}, {"m:Y", "m:X"}});
}

BOOST_AUTO_TEST_CASE(a_module_ends_at_a_dot) {
  expect_applied(step(1, {"pytorch_lightning -> lightning.pytorch"}),
                 {{"pytorch_lightning:Trainer", "lightning.pytorch:Trainer"},
                  {"pytorch_lightning.core.module:Module", "lightning.pytorch.core.module:Module"},
                  {"pytorch_lightning_bolts:X", ""},
                  {"my.pytorch_lightning:X", ""}});
}

BOOST_AUTO_TEST_CASE(a_symbol_beats_an_exact_module_beats_the_longest_prefix) {
  const Step moved =
      step(1, {"p -> short", "p.q -> long", "p.q = exact", "p.q:Name -> other:Name"});
  expect_applied(moved, {{"p.q:Name", "other:Name"},
                         {"p.q:Else", "exact:Else"},
                         {"p.q.r:Name", "long.r:Name"},
                         {"p.r:Name", "short.r:Name"},
                         {"p:Name", "short:Name"},
                         {"q:Name", ""}});
}

BOOST_AUTO_TEST_CASE(exact_is_this_module_alone) {
  expect_applied(step(1, {"p = q"}), {{"p:N", "q:N"}, {"p.r:N", ""}, {"", ""}});
}

BOOST_AUTO_TEST_CASE(a_prefix_may_move_below_itself) {
  expect_applied(step(1, {"keras -> keras.src"}),
                 {{"keras.layers:Dense", "keras.src.layers:Dense"},
                  {"keras:Model", "keras.src:Model"}});
}

BOOST_AUTO_TEST_CASE(what_is_nested_in_a_symbol_moves_with_it) {
  const Step moved = step(1, {"m:Outer -> n:Renamed", "m:Outer.Inner -> k:Alone", "m -> z"});
  expect_applied(moved, {{"m:Outer", "n:Renamed"},
                         {"m:Outer.method", "n:Renamed.method"},
                         {"m:Outer.Inner", "k:Alone"},
                         {"m:Outer.Inner.Deep", "k:Alone.Deep"},
                         {"m:Outers.Inner", "z:Outers.Inner"},
                         {"m:Outer.<locals>.f", "n:Renamed.<locals>.f"},
                         {"x.m:Outer", ""}});
}

// The example of migrations/README.md.
BOOST_AUTO_TEST_CASE(the_documented_example_does_what_is_documented) {
  expect_applied(step(3, {"myproject.models -> myproject.nn.models",
                          "myproject.util = myproject.tools.common",
                          "myproject.models:ResNet -> myproject.vision:ResNet"}),
                 {{"myproject.models:ResNet", "myproject.vision:ResNet"},
                  {"myproject.models:ResNet.Block", "myproject.vision:ResNet.Block"},
                  {"myproject.models:TextEncoder", "myproject.nn.models:TextEncoder"},
                  {"myproject.models.layers:Norm", "myproject.nn.models.layers:Norm"},
                  {"myproject.models_old:Net", ""},
                  {"myproject.util:seed", "myproject.tools.common:seed"},
                  {"myproject.util.io:read", ""}});
}

BOOST_AUTO_TEST_CASE(the_table_of_a_step_is_as_given) {
  const Step moved = step(7, {"z -> a", "a -> z"});
  BOOST_TEST(moved.table().version == 7u);
  BOOST_TEST(moved.table().rules[0].from.module == "z");
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(several_steps)

BOOST_AUTO_TEST_CASE(steps_compose_and_those_with_a_part_are_named) {
  const Step first = step(1, {"a -> b"});
  const Step second = step(2, {"x -> y"});
  const Step third = step(3, {"b:N -> c:M"});
  BOOST_TEST(way("a:N", {&first, &second, &third}) == "c:M by t:1 t:3");
  BOOST_TEST(way("a:K", {&first, &second, &third}) == "b:K by t:1");
  BOOST_TEST(way("x:N", {&first, &second, &third}) == "y:N by t:2");
  BOOST_TEST(way("q:N", {&first, &second, &third}) == "");
  BOOST_TEST(way("a:N", {}) == "");
}

BOOST_AUTO_TEST_CASE(the_order_of_steps_counts) {
  const Step first = step(1, {"a -> b"});
  const Step second = step(2, {"b -> c"});
  BOOST_TEST(way("a:N", {&first, &second}) == "c:N by t:1 t:2");
  BOOST_TEST(way("a:N", {&second, &first}) == "b:N by t:1");
}

BOOST_AUTO_TEST_CASE(a_return_trip_yields_nothing) {
  // torch: UntypedStorage was _UntypedStorage from 1.11 to 1.12.
  const Step out = step(111, {"torch.storage:UntypedStorage -> torch.storage:_UntypedStorage"});
  const Step back = step(113, {"torch.storage:_UntypedStorage -> torch.storage:UntypedStorage"});
  BOOST_TEST(way("torch.storage:UntypedStorage", {&out, &back}) == "");
  BOOST_TEST(way("torch.storage:_UntypedStorage", {&out, &back}) ==
             "torch.storage:UntypedStorage by t:113");
}

BOOST_AUTO_TEST_CASE(a_prefix_below_itself_is_applied_once_for_each_step) {
  const Step first = step(1, {"keras -> keras.src"});
  const Step second = step(2, {"keras -> keras.src"});
  BOOST_TEST(way("keras:Model", {&first, &second}) == "keras.src.src:Model by t:1 t:2");
}

BOOST_AUTO_TEST_CASE(a_plan_keeps_counts_and_order_and_what_changes) {
  const Step moved = step(4, {"a -> b", "c:X -> c:Y"});
  const std::vector<SymbolCount> symbols{
      {symbol("c:X"), 2}, {symbol("c:Z"), 9}, {symbol("a.d:K"), 5}};
  const std::vector<const Step*> steps{&moved};
  const std::vector<Rename> renames = plan(symbols, steps);
  const std::vector<Rename> expected{{symbol("c:X"), symbol("c:Y"), 2, {"t:4"}},
                                     {symbol("a.d:K"), symbol("b.d:K"), 5, {"t:4"}}};
  BOOST_TEST((renames == expected));
  BOOST_TEST(plan(symbols, {}).empty());
}

BOOST_AUTO_TEST_CASE(a_step_read_from_a_table_works_as_written) {
  const Step moved(parse("[table]\nname = 'vision'\nversion = 2\n"
                         "[[symbol]]\nfrom = '__main__:Net'\nto = 'vision.models:Net'\n",
                         "vision.toml", Limits{}));
  BOOST_TEST(way("__main__:Net", {&moved}) == "vision.models:Net by vision:2");
}

BOOST_AUTO_TEST_SUITE_END()
