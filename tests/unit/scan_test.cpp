#include <algorithm>
#include <set>

#include "scan/lists.hpp"
#include "scan/policy.hpp"
#include "support/expect.hpp"

using namespace brine;
using namespace brine::scan;
using brine::test::expect_error;

namespace brine::scan {

std::ostream& operator<<(std::ostream& out, Standing standing) {
  constexpr std::string_view names[] = {"allowed", "misused", "unlisted", "denied"};
  return out << names[static_cast<std::size_t>(standing)];
}

}  // namespace brine::scan

namespace {

Symbol symbol(std::string_view text) {
  const std::size_t colon = text.find(':');
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

struct Case {
  std::string_view symbol;
  int protocol = 4;
  pickle::Roles roles = pickle::role::value;
};

Standing standing(const Case& wanted, std::vector<std::string> trusted = {}) {
  return Policy(trusted).standing(symbol(wanted.symbol), wanted.protocol, wanted.roles);
}

void expect_all(Standing expected, std::initializer_list<Case> cases) {
  const Policy policy;
  for (const Case& row : cases) {
    const Standing found = policy.standing(symbol(row.symbol), row.protocol, row.roles);
    BOOST_TEST(found == expected, row.symbol << " at protocol " << row.protocol << " is " << found);
  }
}

std::set<std::string_view> lines_of(std::string_view text) {
  std::set<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.empty() || line.front() == '#') continue;
    BOOST_TEST(lines.insert(line).second, line << " stands twice in one list");
  }
  return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(standings)

BOOST_AUTO_TEST_CASE(what_frameworks_push_is_allowed) {
  expect_all(Standing::allowed,
             {{"collections:OrderedDict", 2},
              {"_codecs:encode", 2, pickle::role::checked},
              {"numpy.core.multiarray:_reconstruct", 4, pickle::role::checked},
              {"numpy._core.multiarray:scalar", 4, pickle::role::checked},
              {"numpy._core.numeric:_frombuffer", 5},
              {"numpy.random._pickle:__bit_generator_ctor"},
              {"torch._utils:_rebuild_tensor_v2", 2},
              {"torch:BFloat16Storage", 2},
              {"torch.nn.modules.linear:Linear", 2, pickle::role::instance},
              {"scipy.sparse.csr:csr_matrix", 4, pickle::role::instance},
              {"scipy.sparse._csr:csr_matrix", 4, pickle::role::instance},
              {"pandas._libs.internals:_unpickle_block", 5},
              {"pandas:DataFrame", 4, pickle::role::instance},
              {"torch.distributed.checkpoint.metadata:Metadata", 4, pickle::role::instance},
              {"pandas.core.indexes.base:_new_Index", 4, pickle::role::checked},
              {"sklearn.ensemble.forest:RandomForestClassifier", 3, pickle::role::instance},
              {"sklearn.ensemble._forest:RandomForestClassifier", 4, pickle::role::instance},
              {"sklearn.cluster.hierarchical:AgglomerativeClustering", 4, pickle::role::instance},
              {"sklearn.tree._tree:Tree"},
              {"_loss:__pyx_unpickle_CyHalfBinomialLoss", 4, pickle::role::checked},
              {"joblib.numpy_pickle:NumpyArrayWrapper", 4, pickle::role::instance},
              {"sklearn.externals.joblib.numpy_pickle:NumpyArrayWrapper", 4,
               pickle::role::instance},
              {"xgboost.core:Booster", 4, pickle::role::instance}});
}

BOOST_AUTO_TEST_CASE(a_name_on_no_list_is_unlisted) {
  expect_all(Standing::unlisted, {{"myproject.models:Net"},
                                  {"__main__:Net"},
                                  {"collections:OrderedDict.fromkeys"},
                                  {"collections:Ordereddict"},
                                  {"collections.OrderedDict:x"},
                                  {"functools:reduce_"},
                                  {"torch:_utils"},
                                  {"scipy.stats._distn_infrastructure:rv_frozen"},
                                  {"osmium:system"},
                                  {"", 0},
                                  {"mymodule:", 0}});
}

BOOST_AUTO_TEST_CASE(a_symbol_is_allowed_for_what_its_list_says_only) {
  using namespace pickle::role;
  expect_all(Standing::allowed, {{"collections:OrderedDict", 4, called | instance | value},
                                 {"sklearn.svm._classes:SVC", 4, instance},
                                 {"numpy:float64", 4, instance | value},
                                 {"torch:float32", 2, value},
                                 {"torch:FloatStorage", 2, value},
                                 {"numpy:log1p", 4, value},
                                 {"builtins:getattr", 4, checked},
                                 {"__builtin__:getattr", 0, checked},
                                 {"functools:partial", 4, checked}});
  expect_all(Standing::misused, {{"sklearn.svm._classes:SVC", 4, called},
                                 {"sklearn.svm._classes:SVC", 4, instance | value},

                                 {"torch:FloatStorage", 2, called},
                                 {"torch:FloatStorage", 2, instance},
                                 {"numpy:log1p", 4, value | called},
                                 {"functools:partial", 4, called},
                                 {"functools:partial", 4, checked | value},
                                 {"copyreg:_reconstructor", 4, checked | instance},
                                 {"_codecs:encode", 2, value}});
  expect_all(Standing::denied, {{"builtins:getattr", 4, called},
                                {"builtins:getattr", 4, checked | called},
                                {"builtins:getattr", 4, value},
                                {"builtins:getattr", 4, instance},
                                {"dill._dill:_import_module", 4, value},
                                {"numpy:memmap", 4, checked | value},
                                {"os:system", 4, checked}});
  // Pushed and dropped.
  expect_all(Standing::allowed, {{"torch:FloatStorage", 2, 0}, {"xgboost.core:Booster", 4, 0}});
  expect_all(Standing::denied, {{"builtins:getattr", 4, 0}});
}

BOOST_AUTO_TEST_CASE(a_module_is_allowed_with_what_is_in_it) {
  using namespace pickle::role;
  expect_all(Standing::allowed,
             {{"numpy:", 4, value}, {"numpy.core._multiarray_umath:", 4, value}});
  expect_all(Standing::misused, {{"numpy:", 4, called}});
  expect_all(Standing::denied, {{"os:", 4, value}, {"numpy.testing:", 4, value}});
  // All that the lists have of it may be called in a known way only.
  expect_all(Standing::unlisted, {{"functools:", 4, value}});
}

BOOST_AUTO_TEST_CASE(names_that_passed_other_scanners_are_denied) {
  expect_all(Standing::denied, {{"os:system"},
                                {"posix:system"},
                                {"nt:system"},
                                {"os.path:join"},
                                {"subprocess:Popen"},
                                {"builtins:eval"},
                                {"builtins:getattr"},
                                {"builtins:getattr.__call__"},
                                {"builtins:__import__"},
                                {"_operator:methodcaller"},
                                {"operator:attrgetter"},
                                {"_pickle:loads"},
                                {"_io:open"},
                                {"pkgutil:resolve_name"},
                                {"importlib:import_module"},
                                {"importlib._bootstrap:_gcd_import"},
                                {"numpy.core:_ufunc_reconstruct"},
                                {"numpy.testing._private.utils:runstring"},
                                {"numpy.f2py.crackfortran:getlincoef"},
                                {"torch.storage:_load_from_bytes"},
                                {"torch.serialization:load"},
                                {"torch.hub:load"},
                                {"torch._inductor.codecache:compile_file"},
                                {"joblib:load"},
                                {"dill._dill:_get_attr"},
                                {"cloudpickle.cloudpickle:_make_function"},
                                {"pip._internal:main"},
                                {"ensurepip:_run_pip"},
                                {"asyncio.unix_events:_UnixSubprocessTransport._start"},
                                {"timeit:timeit"},
                                {"profile:Profile.run"},
                                {"idlelib.pyshell:ModifiedInterpreter.runcode"},
                                {"pty:spawn"},
                                {"uuid:_get_command_stdout"},
                                {"logging:FileHandler"},
                                {"pathlib:PosixPath.write_text"},
                                {"types:CodeType"}});
}

BOOST_AUTO_TEST_CASE(a_dotted_name_is_followed_to_where_it_leads) {
  expect_all(Standing::denied, {{"torch:serialization.os.system"},
                                {"torch:serialization.os"},
                                {"torch:hub.load"},
                                {"torch:storage._load_from_bytes"},
                                {"numpy:testing.runstring"},
                                {"collections:_sys.modules.os"},
                                {"myproject:socket.create_connection"},
                                {"myproject:Net.__init__.__globals__"},
                                {"myproject:sys"},
                                {"collections:abc.sys.modules"}});
  expect_all(Standing::unlisted,
             {{"myproject:Net.profile"}, {"myproject:code"}, {"myproject:Outer.Inner"}});
}

BOOST_AUTO_TEST_CASE(a_denied_module_ends_at_a_dot) {
  expect_all(Standing::denied, {{"os:x"}, {"os.x:y"}});
  expect_all(Standing::unlisted, {{"osx:y"}, {"posixx:y"}, {"torch.hubble:load"}});
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(python2)

BOOST_AUTO_TEST_CASE(the_worse_of_both_names_counts_under_protocol_3_only) {
  // cookielib is on no list and maps to http.cookiejar, which is denied.
  expect_all(Standing::allowed, {{"__builtin__:set", 2}, {"exceptions:ValueError", 0}});
  expect_all(Standing::denied, {{"__builtin__:eval", 0},
                                {"__builtin__:eval", 4},
                                {"commands:getoutput", 1},
                                {"cookielib:CookieJar", 2}});
  expect_all(Standing::unlisted, {{"cookielib:CookieJar", 3}});
}

BOOST_AUTO_TEST_CASE(an_allowed_python_2_name_maps_to_an_allowed_one) {
  for (const auto& [name, roles] : built_in_lists().allowed) {
    BOOST_TEST(Policy().standing(symbol(name), 0, roles) == Standing::allowed, name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(trust)

BOOST_AUTO_TEST_CASE(a_symbol_is_trusted_alone) {
  BOOST_TEST(standing({"my.models:Net"}, {"my.models:Net"}) == Standing::allowed);
  BOOST_TEST(standing({"my.models:Other"}, {"my.models:Net"}) == Standing::unlisted);
  BOOST_TEST(standing({"my.models:Net.Inner"}, {"my.models:Net"}) == Standing::unlisted);
}

BOOST_AUTO_TEST_CASE(a_module_is_trusted_without_what_lies_below) {
  BOOST_TEST(standing({"my.models:Net"}, {"my.models"}) == Standing::allowed);
  BOOST_TEST(standing({"my.models:Net.Inner"}, {"my.models"}) == Standing::allowed);
  BOOST_TEST(standing({"my.models.vision:Net"}, {"my.models"}) == Standing::unlisted);
  BOOST_TEST(standing({"my.modelsx:Net"}, {"my.models"}) == Standing::unlisted);
}

BOOST_AUTO_TEST_CASE(only_the_exact_symbol_lifts_a_denial) {
  BOOST_TEST(standing({"os:system"}, {"os"}) == Standing::denied);
  BOOST_TEST(standing({"torch:hub.load"}, {"torch"}) == Standing::denied);
  BOOST_TEST(standing({"os:system"}, {"os:system"}) == Standing::allowed);
  BOOST_TEST(standing({"__builtin__:getattr", 2}, {"__builtin__:getattr"}) == Standing::denied);
  BOOST_TEST(standing({"__builtin__:getattr", 2}, {"__builtin__:getattr", "builtins:getattr"}) ==
             Standing::allowed);
}

BOOST_AUTO_TEST_CASE(a_malformed_entry_is_refused) {
  for (const char* entry : {"", ":", "my.models:", ":Net", "my..models", ".my", "my.", "my models",
                            "my:Net:x", "my:Net.", "my.models:*", "my\n:Net", "my.*"}) {
    expect_error(Errc::usage, "is neither package.module:Name nor package.module",
                 [&] { Policy(std::vector<std::string>{entry}); });
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(findings)

BOOST_AUTO_TEST_CASE(every_symbol_that_is_not_allowed_is_a_finding_by_offset) {
  const std::vector<SeenSymbol> seen{{symbol("my.models:Net"), 4, 3, 90},
                                     {symbol("collections:OrderedDict"), 4, 7, 2},
                                     {symbol("posix:system"), 4, 1, 40}};
  const std::vector<Finding> found = judge(seen, Policy());
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_TEST(found[0].offset == 40u);
  BOOST_TEST((found[0].verdict == Verdict::dangerous));
  BOOST_TEST(found[0].reason.find("posix:system is on the deny list") == 0u);
  BOOST_TEST((found[1].verdict == Verdict::unknown));
  BOOST_TEST(found[1].reason == "my.models:Net is on no allow list; pushed 3 times");
}

BOOST_AUTO_TEST_CASE(a_finding_says_what_a_symbol_is_not_allowed_for) {
  const auto reason = [](pickle::Roles roles, std::uint64_t count) {
    const std::vector<SeenSymbol> seen{{symbol("torch:FloatStorage"), 2, count, 5, roles}};
    return judge(seen, Policy()).at(0).reason;
  };
  BOOST_TEST(reason(pickle::role::called, 2) ==
             "torch:FloatStorage is on an allow list, but not to be called with these arguments; "
             "pushed 2 times");
  BOOST_TEST(reason(pickle::role::instance, 1) ==
             "torch:FloatStorage is on an allow list, but not to be made an instance of; "
             "pushed 1 time");
  const std::vector<SeenSymbol> led{{{"pathlib", "PosixPath.write_text"}, 2, 0, 5, 0}};
  BOOST_TEST(judge(led, Policy()).at(0).reason.ends_with("; a call leads to it"));
  const std::vector<SeenSymbol> module{{{"evil", ""}, 2, 0, 5, 0}};
  BOOST_TEST(judge(module, Policy()).at(0).reason ==
             "evil is on no allow list; a call leads to it");
}

BOOST_AUTO_TEST_CASE(a_finding_names_what_python_3_would_import) {
  const std::vector<SeenSymbol> seen{{symbol("__builtin__:eval"), 2, 1, 0}};
  const std::vector<Finding> found = judge(seen, Policy());
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0].reason.find("__builtin__:eval (builtins:eval in Python 3)") == 0u);
}

BOOST_AUTO_TEST_CASE(a_finding_has_the_symbol_that_trust_would_lift_it_for) {
  const auto accused = [](const Symbol& symbol, int protocol, std::vector<std::string> trusted) {
    const std::vector<SeenSymbol> seen{{symbol, protocol, 1, 0}};
    return judge(seen, Policy(trusted)).at(0).symbol;
  };
  BOOST_TEST((accused({"my.models", "Net"}, 4, {}) == Symbol{"my.models", "Net"}));
  BOOST_TEST((accused({"posix", "system"}, 4, {"posix"}) == Symbol{"posix", "system"}));
  BOOST_TEST((accused({"evil", ""}, 4, {}) == Symbol{"evil", ""}));
  BOOST_TEST((accused({"Queue", "Queue"}, 2, {}) == Symbol{"Queue", "Queue"}));
  BOOST_TEST((accused({"Queue", "Queue"}, 2, {"Queue:Queue"}) == Symbol{"queue", "Queue"}));
  for (const Symbol& symbol : {Symbol{"my models", "Net"}, Symbol{"my", "a:b"}, Symbol{".my", "a"},
                               Symbol{"evil\x1b[2J", "a"}, Symbol{"my", "a\xff"}}) {
    BOOST_TEST(!accused(symbol, 4, {}), symbol.module);
  }
}

BOOST_AUTO_TEST_CASE(a_finding_can_be_printed_whatever_the_name) {
  const std::vector<SeenSymbol> seen{{{"evil\x1b[2J", "x\ny"}, 4, 1, 0}};
  BOOST_TEST(judge(seen, Policy()).at(0).reason ==
             "evil\\x1b[2J:x\\x0ay is on no allow list; pushed 1 time");
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(shipped_lists)

BOOST_AUTO_TEST_CASE(no_line_stands_twice_and_every_line_is_a_symbol) {
  const std::set<std::string_view> roles{"value", "class", "type", "call", "checked", "maker"};
  std::set<std::string_view> allowed;
  for (const base::EmbeddedFile& file : embedded::files) {
    const std::set<std::string_view> lines = lines_of(file.content);
    BOOST_TEST(!lines.empty(), file.name);
    for (std::string_view line : lines) {
      BOOST_TEST(std::count(line.begin(), line.end(), ':') == 1, line);
      if (file.name != "deny.txt") {
        const std::string_view word = line.substr(0, line.find(' '));
        BOOST_TEST(roles.contains(word), line);
        line.remove_prefix(word.size() + 1);
        BOOST_TEST(allowed.insert(line).second, line << " stands in two lists");
        BOOST_TEST(line.find('*') == std::string_view::npos, line);
      }
      BOOST_TEST(line.find_first_of(" \t\r") == std::string_view::npos, line);
    }
  }
  BOOST_TEST(allowed.size() == built_in_lists().allowed.size());
}

// But for what may be called with known arguments only.
BOOST_AUTO_TEST_CASE(no_allowed_symbol_is_denied) {
  for (const auto& [name, roles] : built_in_lists().allowed) {
    const bool is_checked = roles == pickle::role::checked;
    // A class may be made an instance of and not be kept.
    const auto asked = (roles & pickle::role::value) != 0 ? pickle::role::value
                                                          : pickle::role::instance;
    BOOST_TEST((standing({name, 4, asked}) == Standing::allowed) != is_checked, name);
  }
}

// An effect without an entry is dead, and an entry without an effect would never be checked.
BOOST_AUTO_TEST_CASE(what_is_checked_has_an_effect) {
  for (const auto& [name, roles] : built_in_lists().allowed) {
    const pickle::Effect effect = pickle::effect_of(symbol(name));
    const bool has_rule = effect != pickle::Effect::none && effect != pickle::Effect::dtype;
    const bool is_checked =
        (roles & pickle::role::checked) != 0 && (roles & pickle::role::called) == 0;
    BOOST_TEST(has_rule == is_checked, name);
  }
}

BOOST_AUTO_TEST_CASE(only_an_exact_symbol_is_vouched_for) {
  const std::vector<std::string> entries{"numpy:dtype", "collections"};
  const Policy policy(entries);
  BOOST_TEST(policy.is_trusted({"numpy", "dtype"}));
  BOOST_TEST(!policy.is_trusted({"numpy", "ndarray"}));
  BOOST_TEST(!policy.is_trusted({"collections", "OrderedDict"}));  // a module is no symbol
  BOOST_TEST(!Policy().is_trusted({"numpy", "dtype"}));            // nor is an allow-list a word
}

BOOST_AUTO_TEST_SUITE_END()
