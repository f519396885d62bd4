#include "migrate/migrate.hpp"
#include "support/expect.hpp"

using namespace brine;
using brine::test::expect_error;

namespace {

Table parsed(std::string_view toml) { return migrate::parse(toml, "t.toml", Limits{}); }

std::string with_head(std::string_view rules) {
  return std::string("[table]\nname = \"mine\"\nversion = 3\n").append(rules);
}

std::string module_rule(std::string_view from, std::string_view to) {
  return with_head("[[module]]\nfrom = \"")
      .append(from)
      .append("\"\nto = \"")
      .append(to)
      .append("\"\n");
}

std::string symbol_rule(std::string_view from, std::string_view to) {
  return with_head("[[symbol]]\nfrom = \"")
      .append(from)
      .append("\"\nto = \"")
      .append(to)
      .append("\"\n");
}

struct Malformed {
  std::string toml;
  std::string_view words;
};

void expect_malformed(std::initializer_list<Malformed> cases) {
  for (const Malformed& row : cases) {
    BOOST_TEST_CONTEXT(row.toml) {
      expect_error(Errc::migration, row.words, [&] { parsed(row.toml); });
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reading)

BOOST_AUTO_TEST_CASE(a_table_is_read_with_its_lines) {
  const Table table = parsed(
      "# moved\n"
      "[table]\n"
      "name = \"mine\"\n"
      "version = 9007199254740992\n"
      "title = \"models.py split in two\"\n"
      "\n"
      "[[module]]\n"
      "from = \"mine.models\"\n"
      "to = \"mine.nn.models\"\n"
      "exact = true\n"
      "[[symbol]]\n"
      "from = \"mine.models:Net.Block\"\n"
      "to = \"mine.vision:Block\"\n");
  BOOST_TEST(table.name == "mine");
  BOOST_TEST(table.version == 1ULL << 53);
  BOOST_TEST(table.title == "models.py split in two");
  BOOST_TEST(table.digest.empty());
  BOOST_REQUIRE(table.rules.size() == 2u);
  const Rule module{RuleKind::module, {"mine.models", ""}, {"mine.nn.models", ""}, true, 7};
  const Rule symbol{
      RuleKind::symbol, {"mine.models", "Net.Block"}, {"mine.vision", "Block"}, false, 11};
  BOOST_TEST((table.rules[0] == module));
  BOOST_TEST((table.rules[1] == symbol));
}

BOOST_AUTO_TEST_CASE(names_of_python_are_names) {
  for (const char* name :
       {"a", "__main__", "a.b_1.C9", "01_train", "m\xc3\xb6" "del.\xe6\xa8\xa1"}) {
    BOOST_TEST(parsed(module_rule(name, "z")).rules.size() == 1u);
  }
  for (const char* name : {"a:B", "__main__:Net", "a.b:C.D", "a:f.<locals>.g", "a:f.<lambda>",
                           "a:Caf\xc3\xa9"}) {
    BOOST_TEST(parsed(symbol_rule(name, "z:Z")).rules.size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(exact_and_prefix_of_one_module_are_two_ranks) {
  const Table table = parsed(with_head("[[module]]\nfrom='a'\nto='b'\n"
                                       "[[module]]\nfrom='a'\nto='c'\nexact=true\n"));
  BOOST_TEST(table.rules.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(refusing)

BOOST_AUTO_TEST_CASE(a_malformed_table_is_refused_with_its_line) {
  expect_malformed({
      {"", "t.toml:1: the file has no [table]"},
      {"table = 3\n", "t.toml:1: the file has no [table]"},
      {"[table\n", "t.toml:1: not TOML: "},
      {"[table]\nname = \"a\"\nname = \"b\"\n", "t.toml:3: not TOML: "},
      {"[table]\nname = \"\xff\"\n", "not TOML: "},
      {"[table]\nversion = 1\n", "t.toml:1: [table] has no 'name'"},
      {"[table]\nname = \"a\"\n", "t.toml:1: [table] has no 'version'"},
      {"[table]\nname = 1\nversion = 1\n", "t.toml:2: 'name' is no string"},
      {"[table]\nname = \"a b\"\nversion = 1\n", "t.toml:2: the name of the table is 'a b'"},
      {"[table]\nname = \"a\"\nversion = 0\n", "t.toml:3: 'version' is no whole number from 1"},
      {"[table]\nname = \"a\"\nversion = -1\n", "t.toml:3: 'version' is no whole number"},
      {"[table]\nname = \"a\"\nversion = 1.0\n", "t.toml:3: 'version' is no whole number"},
      {"[table]\nname = \"a\"\nversion = \"1\"\n", "t.toml:3: 'version' is no whole number"},
      {"[table]\nname = \"a\"\nversion = 9007199254740993\n", "to 2^53"},
      {"[table]\nname = \"a\"\nversion = 1\ntitle = 2\n", "t.toml:4: 'title' is no string"},
      {"[table]\nname = \"a\"\nversion = 1\ntitle = \"\\u001b[2J\"\n", "a control character"},
      {with_head(""), "t.toml:1: the table has no rule"},
      {with_head("module = 1\n"), "t.toml:4: unknown key 'module' in [table]"},
      {with_head("[module]\nfrom='a'\nto='b'\n"), "t.toml:4: 'module' is no list of rules"},
      {"module = [1]\n" + with_head(""), "t.toml:1: a rule in 'module' is no table"},
      {with_head("[[module]]\nfrom='a'\n"), "t.toml:4: [[module]] has no 'to'"},
      {with_head("[[symbol]]\nto='a:B'\n"), "t.toml:4: [[symbol]] has no 'from'"},
      {with_head("[[module]]\nfrom='a'\nto=1\n"), "t.toml:6: 'to' is no string"},
      {with_head("[[module]]\nfrom='a'\nto='b'\nexact=1\n"), "'exact' is neither true nor false"},
      {with_head("[[symbol]]\nfrom='a:B'\nto='b:B'\nexact=true\n"),
       "t.toml:7: unknown key 'exact' in [[symbol]]"},
  });
}

BOOST_AUTO_TEST_CASE(what_this_version_does_not_know_is_never_ignored) {
  for (const char* kind : {"state", "key", "stop", "regex", "stub", "reduce", "array"}) {
    const std::string toml =
        module_rule("a", "b").append("[[").append(kind).append("]]\nfrom = 'x'\n");
    const std::string words = std::string("t.toml:7: unknown key '") + kind +
                              "' in the file: this version of brine knows module and symbol rules";
    expect_error(Errc::migration, words, [&] { parsed(toml); });
  }
  expect_malformed({
      {with_head("requires = [\"sklearn>=1\"]\n[[module]]\nfrom='a'\nto='b'\n"),
       "t.toml:4: unknown key 'requires' in [table]: this version of brine knows module and"},
      {with_head("direction = \"down\"\n[[module]]\nfrom='a'\nto='b'\n"),
       "t.toml:4: unknown key 'direction' in [table]"},
      {with_head("[[module]]\nfrom='a'\nto='b'\nwhen='x'\n"),
       "t.toml:7: unknown key 'when' in [[module]]"},
  });
}

BOOST_AUTO_TEST_CASE(a_name_that_is_none_is_refused) {
  for (const char* name : {"", ".", "a.", ".a", "a..b", "a b", " a", "a:B", "a-b", "a/b", "a*",
                           "a\\nb", "a\\u000bb", "a\\u0085b", "a\\u00a0b", "a\\u2028b",
                           "a\\u200bb", "a\\u202eb", "a\\ufeffb", "<locals>"}) {
    expect_malformed({{module_rule(name, "z"), "t.toml:5: 'from' is '"},
                      {module_rule("z", name), "expected a module such as package.module"}});
  }
  for (const char* name : {"", "a", ":B", "a:", "a:B:C", "a: B", "a:B.", "a:.B", "a:B..C",
                           "a:B\\nc", "a:<other>", "a:f<locals>", "a\\n:B", "a:B\\u3000"}) {
    expect_malformed({{symbol_rule(name, "z:Z"), "t.toml:5: 'from' is '"},
                      {symbol_rule("z:Z", name), "expected a symbol such as package.module:Name"}});
  }
}

BOOST_AUTO_TEST_CASE(a_name_in_a_message_can_be_printed) {
  expect_malformed({{module_rule("a\\u001b[2J", "z"), "'from' is 'a\\x1b[2J'"}});
}

BOOST_AUTO_TEST_CASE(a_rule_that_cannot_mean_anything_is_refused) {
  expect_malformed({
      {module_rule("a", "a"), "t.toml:4: the rule changes nothing: from and to are both a"},
      {symbol_rule("a:B", "a:B"), "t.toml:4: the rule changes nothing: from and to are both a:B"},
      {module_rule("a", "b") + "[[module]]\nfrom='a'\nto='c'\n",
       "t.toml:7: two rules for a: to c here, to b in line 4"},
      {module_rule("a", "b") + "[[module]]\nfrom='a'\nto='b'\n", "t.toml:7: two rules for a"},
      {symbol_rule("a:B", "b:B") + "[[symbol]]\nfrom='a:B'\nto='c:B'\n",
       "t.toml:7: two rules for a:B: to c:B here, to b:B in line 4"},
      {with_head("[[module]]\nfrom='a'\nto='b'\nexact=true\n"
                 "[[module]]\nfrom='a'\nto='c'\nexact=true\n"),
       "t.toml:8: two rules for a"},
  });
}

BOOST_AUTO_TEST_CASE(limits_are_named) {
  const std::string toml = module_rule("aaaa", "b");
  Limits limits;
  limits.max_table_bytes = toml.size();
  BOOST_TEST(migrate::parse(toml, "t.toml", limits).rules.size() == 1u);
  limits.max_table_bytes = toml.size() - 1;
  expect_error(Errc::limit, "t.toml: max_table_bytes is",
               [&] { migrate::parse(toml, "t.toml", limits); });
  limits = {};
  limits.max_name_bytes = 3;
  expect_error(Errc::limit, "t.toml:5: max_name_bytes is 4, the limit is 3",
               [&] { migrate::parse(toml, "t.toml", limits); });
}

BOOST_AUTO_TEST_CASE(keys_that_nest_too_deep_are_refused_before_they_are_parsed) {
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "a.";
  expect_malformed({{deep + "a = 1\n", "which nest too deep"},
                    {"[" + deep + "a]\n", "which nest too deep"},
                    {"x = \"\\\"\" # '\n" + deep + "a = 1\n", "which nest too deep"},
                    {"x = '''\n''\n'''\n" + deep + "a = 1\n", "which nest too deep"}});
}

BOOST_AUTO_TEST_CASE(dots_in_names_and_comments_do_not_nest) {
  std::string name = "a";
  while (name.size() < 4000) name += ".a";
  const std::string comment = "# " + std::string(2000, '.') + "\n";
  BOOST_TEST(parsed(comment + module_rule(name, "b")).rules.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(normal_form)

BOOST_AUTO_TEST_CASE(order_spelling_comments_and_title_do_not_count) {
  const std::string plain = migrate::normalise(
      parsed(with_head("[[module]]\nfrom='a'\nto='b'\n[[module]]\nfrom='a.c'\nto='d'\nexact=true\n"
                       "[[symbol]]\nfrom='a:X'\nto='b:Y'\n")));
  const std::string other = migrate::normalise(parsed(
      "module = [{exact = true, to = \"d\", from = \"a.\\u0063\"},\r\n"
      "          {from = 'a', to = 'b', exact = false}]  # moved\r\n"
      "symbol = [{to = 'b:Y', from = '''a:X'''}]\r\n"
      "[table]\r\ntitle = 'words'\r\nversion = 0x3\r\nname = 'mine'\r\n"));
  BOOST_TEST(plain == other);
}

BOOST_AUTO_TEST_CASE(every_meaning_counts) {
  const std::string plain = migrate::normalise(parsed(module_rule("a", "b")));
  const std::string exact = module_rule("a", "b") + "exact = true\n";
  const std::string more = module_rule("a", "b") + "[[module]]\nfrom='c'\nto='d'\n";
  for (const std::string& toml :
       {module_rule("a", "c"), module_rule("c", "b"), symbol_rule("a:b", "b:b"), exact, more}) {
    BOOST_TEST(migrate::normalise(parsed(toml)) != plain);
  }
  Table table = parsed(module_rule("a", "b"));
  table.version = 4;
  BOOST_TEST(migrate::normalise(table) != plain);
  table.version = 3;
  BOOST_TEST(migrate::normalise(table) == plain);
  table.name = "other";
  BOOST_TEST(migrate::normalise(table) != plain);
}

// Spelled out: digests of registered tables are made from this text.
BOOST_AUTO_TEST_CASE(the_text_never_changes_and_reads_as_itself) {
  const std::string text = migrate::normalise(
      parsed(symbol_rule("a:B", "c:D") + "[[module]]\nfrom='a'\nto='b'\nexact=true\n"));
  BOOST_TEST(text ==
             "# normal form 1\n[table]\nname = \"mine\"\nversion = 3\n"
             "\n[[module]]\nfrom = \"a\"\nto = \"b\"\nexact = true\n"
             "\n[[symbol]]\nfrom = \"a:B\"\nto = \"c:D\"\n");
  BOOST_TEST(migrate::normalise(parsed(text)) == text);
}

BOOST_AUTO_TEST_SUITE_END()
