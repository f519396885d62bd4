#include "support/store.hpp"
#include "support/zips.hpp"

using namespace brine;
using namespace brine::test;

namespace {

const Symbol old_name{"shop.models", "Net"};

std::string table(std::string_view name, int version, std::string_view rules) {
  return "[table]\nname = \"" + std::string(name) + "\"\nversion = " + std::to_string(version) +
         "\n" + std::string(rules);
}

std::string module_rule(std::string_view from, std::string_view to) {
  return "[[module]]\nfrom = \"" + std::string(from) + "\"\nto = \"" + std::string(to) + "\"\n";
}

std::string symbol_rule(std::string_view from, std::string_view to) {
  return "[[symbol]]\nfrom = \"" + std::string(from) + "\"\nto = \"" + std::string(to) + "\"\n";
}

const std::string moved = table("shop", 1, module_rule("shop.models", "shop.networks.all"));

struct Tables : StoreFixture {
  TableStatus add(const std::string& toml) { return store.add_table(toml, "t.toml"); }

  // Loads `ref` into a file and into a pipe, twice: always the same, and as long as announced.
  std::string migrated(std::string_view ref) {
    const std::string text = load(ref);
    BOOST_TEST(load(ref) == text);
    Kept pipe(Kept::Kind::pipe);
    const LoadReport report = store.load(ref, pipe);
    BOOST_TEST(pipe.text == text);
    BOOST_TEST(pipe.announced == text.size());
    BOOST_TEST(report.payload_bytes == text.size());
    return text;
  }

  std::vector<Symbol> symbols(std::string_view ref) {
    Kept target;
    std::vector<Symbol> all;
    for (const SymbolCount& each : store.load(ref, target).scan.symbols) all.push_back(each.symbol);
    return all;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(migrating, Tables)

BOOST_AUTO_TEST_CASE(every_protocol_is_rewritten_as_its_picklers_write_it) {
  for (int protocol = 0; protocol <= 5; ++protocol) {
    save(instance_of(old_name, protocol), {}, "p" + std::to_string(protocol));
  }
  add(moved);
  for (int protocol = 0; protocol <= 5; ++protocol) {
    const std::string line = "p" + std::to_string(protocol);
    BOOST_TEST(migrated(line) == instance_of({"shop.networks.all", "Net"}, protocol));
    BOOST_TEST(load(line, {.migrate = Migrate::never}) == instance_of(old_name, protocol));
  }
}

BOOST_AUTO_TEST_CASE(inst_is_rewritten_too) {
  save(Stream().inst("shop.models", "Net").stop().str());
  add(table("shop", 1, symbol_rule("shop.models:Net", "shop.vision:Network")));
  BOOST_TEST(migrated("run") == Stream().inst("shop.vision", "Network").stop().str());
}

BOOST_AUTO_TEST_CASE(a_symbol_rule_beats_a_module_rule) {
  save(instance_of(old_name, 4) + instance_of({"shop.models.layers", "Norm"}, 4));
  add(table("shop", 1,
            module_rule("shop.models", "shop.nn") +
                symbol_rule("shop.models:Net", "shop.vision:ResNet")));
  BOOST_TEST((symbols("run") ==
              std::vector<Symbol>{{"shop.nn.layers", "Norm"}, {"shop.vision", "ResNet"}}));
}

BOOST_AUTO_TEST_CASE(large_payloads_keep_their_buffers) {
  const std::string payload = pickle_with_buffers({300000}) + instance_of(old_name, 4);
  save(payload);
  add(moved);
  BOOST_TEST((migrated("run") ==
              pickle_with_buffers({300000}) + instance_of({"shop.networks.all", "Net"}, 4)));
}

BOOST_AUTO_TEST_CASE(only_tables_that_came_later_apply) {
  save(instance_of(old_name, 4));
  add(moved);
  const Snapshot later = save(instance_of(old_name, 4));
  BOOST_TEST(store.show(later.id).steps.at("shop") == 1u);
  BOOST_TEST(migrated("run") == instance_of(old_name, 4));
  BOOST_TEST(migrated("run:1") == instance_of({"shop.networks.all", "Net"}, 4));
  BOOST_TEST(store.plan("run").steps.empty());
  const MigrationPlan plan = store.plan("run:1");
  BOOST_TEST(plan.renames.size() == 1u);
  BOOST_TEST(plan.renames[0].count == 1u);
  BOOST_TEST((plan.renames[0].steps == std::vector<std::string>{"shop:1"}));
}

BOOST_AUTO_TEST_CASE(steps_compose_in_their_order) {
  save(instance_of(old_name, 4));
  add(moved);
  save(instance_of({"shop.networks.all", "Net"}, 4));
  add(table("shop", 2, symbol_rule("shop.networks.all:Net", "shop.vision:ResNet")));
  add(table("other", 1, module_rule("shop", "store")));
  BOOST_TEST(migrated("run:1") == instance_of({"store.vision", "ResNet"}, 4));
  BOOST_TEST(migrated("run:2") == instance_of({"store.vision", "ResNet"}, 4));
  Kept target;
  const LoadReport report = store.load("run:1", target);
  BOOST_TEST(
      (report.migrations.at(0).steps == std::vector<std::string>{"shop:1", "shop:2", "other:1"}));
  BOOST_TEST((report.migrations[0].from == old_name));
}

BOOST_AUTO_TEST_CASE(the_order_of_registration_does_not_hang_on_the_clock) {
  std::string last;
  for (const char* name : {"z", "m", "a", "y", "b"}) {
    const std::string registered =
        store.add_table(table(name, 1, module_rule("x", name)), "t.toml").registered;
    BOOST_TEST(registered > last);
    last = registered;
  }
  fs::remove(root / "catalog.sqlite");
  for (const char* name : {"z", "m", "a", "y", "b"}) {
    fs::last_write_time(root / "tables" / name / "000001.toml",
                        fs::file_time_type::clock::now() + std::chrono::hours(1000));
  }
  Store::reindex(root);
  BOOST_TEST(store.add_table(table("c", 1, module_rule("x", "c")), "t.toml").registered > last);
}

// After a reindex the times are those of files, which a copy may have changed.
BOOST_AUTO_TEST_CASE(the_steps_of_one_name_keep_their_order_after_a_reindex) {
  save(instance_of(old_name, 4));
  add(moved);
  add(table("shop", 2, module_rule("shop.networks.all", "shop.last")));
  const auto written = fs::last_write_time(root / "tables/shop/000002.toml");
  fs::last_write_time(root / "tables/shop/000001.toml", written + std::chrono::hours(1));
  BOOST_TEST(Store::reindex(root).problems.empty());
  BOOST_TEST(migrated("run") == instance_of({"shop.last", "Net"}, 4));
}

BOOST_AUTO_TEST_CASE(a_way_that_leads_back_changes_nothing) {
  save(instance_of(old_name, 4));
  add(moved);
  add(table("shop", 2, module_rule("shop.networks.all", "shop.models")));
  BOOST_TEST(migrated("run") == instance_of(old_name, 4));
  BOOST_TEST(store.plan("run").renames.empty());
}

BOOST_AUTO_TEST_CASE(a_table_with_a_target_that_runs_code_is_refused) {
  expect_error(Errc::migration, "os:system is on the deny list",
               [&] { add(table("shop", 1, symbol_rule("shop.models:Net", "os:system"))); });
  expect_error(Errc::migration, "subprocess is on the deny list",
               [&] { add(table("shop", 1, module_rule("shop.models", "subprocess"))); });
  BOOST_TEST(store.tables().empty());
}

// A module may be harmless and a name in it not: what comes out is scanned again.
BOOST_AUTO_TEST_CASE(a_rename_into_what_runs_code_is_refused) {
  const Symbol reconstruct{"shop.core", "_ufunc_reconstruct"};
  save(instance_of(reconstruct, 4));
  add(table("shop", 1, module_rule("shop.core", "numpy.core")));
  Kept pipe(Kept::Kind::pipe);
  expect_error(Errc::refused, "_ufunc_reconstruct", [&] { store.load("run", pipe); });
  BOOST_TEST(pipe.begun == 0);
}

BOOST_AUTO_TEST_CASE(a_step_counts_what_the_steps_before_it_make) {
  save(instance_of(old_name, 4));
  add(moved);
  BOOST_TEST(add(table("shop", 2, module_rule("shop.networks.all", "shop.last"))).snapshots == 1u);
  for (const TableStatus& status : store.tables()) BOOST_TEST(status.snapshots == 1u);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_rewritten_says_so) {
  const std::string own = instance_of(old_name, 4);
  save(Zip().add("m/data.pkl", own).add("m/version", "3").str(), {}, "zip");
  save(own.substr(0, own.size() - 1), {.as_is = true}, "half");
  save(instance_of(old_name, 2), {}, "two");
  add(table("shop", 1, symbol_rule("shop.models:Net", "shop.models:Outer.Net")));
  expect_error(Errc::unsupported, "inside a torch-zip cannot be rewritten", [&] { load("zip"); });
  expect_error(Errc::unsupported, "cannot be rewritten", [&] { load("half"); });
  expect_error(Errc::migration, "Outer.Net", [&] { load("two"); });
  for (const char* line : {"zip", "half", "two"}) {
    BOOST_TEST(!load(line, {.unsafe = true, .migrate = Migrate::never}).empty());
    BOOST_TEST((store.resolve(line).state != State::quarantined));
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_FIXTURE_TEST_SUITE(registering, Tables)

BOOST_AUTO_TEST_CASE(a_table_is_kept_with_its_text) {
  save(instance_of(old_name, 4));
  save(pickle_of("x"));
  const TableStatus status = store.add_table(moved, "t.toml");
  BOOST_TEST(status.snapshots == 1u);
  BOOST_TEST(status.table.version == 1u);
  BOOST_TEST(contents(root / "tables/shop/000001.toml") == moved);
  const auto all = reopen().tables();
  BOOST_TEST(all.size() == 1u);
  BOOST_TEST(all[0].registered == status.registered);
  BOOST_TEST(all[0].table.digest == status.table.digest);
}

BOOST_AUTO_TEST_CASE(the_same_content_again_changes_nothing) {
  const TableStatus first = store.add_table(moved, "t.toml");
  const TableStatus again = store.add_table("# spelled otherwise\n" + moved, "u.toml");
  BOOST_TEST(again.registered == first.registered);
  BOOST_TEST(contents(root / "tables/shop/000001.toml") == moved);
}

BOOST_AUTO_TEST_CASE(history_is_not_changed) {
  add(moved);
  add(table("shop", 3, module_rule("a", "b")));
  const auto before = tree(root);
  expect_error(Errc::migration, "step shop:3 is registered with another content",
               [&] { add(table("shop", 3, module_rule("a", "c"))); });
  expect_error(Errc::migration, "step shop:2 comes too late: shop:3",
               [&] { add(table("shop", 2, module_rule("a", "c"))); });
  expect_error(Errc::migration, "t.toml", [&] { add("nonsense ["); });
  BOOST_TEST((tree(root) == before));
  BOOST_TEST(store.tables().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_table_that_cannot_be_written_is_not_registered) {
  fs::create_directories(root / "tables/shop/000001.toml/x");
  expect_error(Errc::environment, "000001.toml", [&] { add(moved); });
  BOOST_TEST(store.tables().empty());
}

BOOST_AUTO_TEST_SUITE_END()
