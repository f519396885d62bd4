// What a loader would read when it is called again on the same file, and what half a file is.
#include <fmt/format.h>

#include "io/file.hpp"
#include "store/analysis.hpp"
#include "store/inventory.hpp"
#include "support/expect.hpp"
#include "support/pickles.hpp"
#include "support/zips.hpp"

using namespace brine;
using namespace brine::test;
using namespace std::string_literals;

namespace {

ScanReport report_of(const std::string& payload) {
  return scan_payload(io::MemoryFile(bytes_of(payload)), {});
}

std::string verdict(const std::string& payload) {
  return std::string(to_string(report_of(payload).verdict));
}

bool tells(const std::string& payload, std::string_view words) {
  const ScanReport report = report_of(payload);
  return std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& each) {
    return each.reason.find(words) != std::string::npos;
  });
}

// torch before 1.6: one tensor of four bytes, its storage behind the pickles.
std::string legacy(std::string_view elements = "abcd") {
  const auto pickle = [] { return Stream().proto(2); };
  const std::string object =
      pickle().global("torch._utils", "_rebuild_tensor_v2").mark().mark().text("storage")
          .global("torch", "ByteStorage").text("0").text("cpu").op(Op::binint1, 4, 1)
          .op(Op::none).op(Op::tuple).op(Op::binpersid).op(Op::binint1, 0, 1)
          .op(Op::binint1, 4, 1).op(Op::tuple1).op(Op::binint1, 1, 1).op(Op::tuple1)
          .op(Op::newfalse).op(Op::tuple).op(Op::reduce).stop().str();
  const std::string keys = pickle().op(Op::empty_list).text("0").op(Op::append).stop().str();
  const std::string one = pickle().one().stop().str();
  return "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." + one + one + object + keys +
         le(4, 8) + std::string(elements);
}

std::string array(std::string_view type, std::size_t length, std::string_view data) {
  return npy(npy_literal(type, length), data);
}

const std::string bad = dangerous_pickle();

}  // namespace

BOOST_AUTO_TEST_SUITE(second_load)

BOOST_AUTO_TEST_CASE(what_follows_an_old_file_of_torch_is_judged) {
  BOOST_TEST(verdict(legacy()) == "safe");
  BOOST_TEST(verdict(legacy() + bad) == "dangerous");
  BOOST_TEST(verdict(legacy() + legacy() + bad) == "dangerous");
  BOOST_TEST(tells(legacy() + bad, "behind it: "));
  BOOST_TEST(verdict(legacy() + legacy()) == "unknown");
  BOOST_TEST(verdict(legacy() + "raw bytes") == "unknown");
  BOOST_TEST(report_of(legacy() + "raw bytes").complete);
}

BOOST_AUTO_TEST_CASE(what_follows_an_array_is_judged) {
  const std::string plain = array("'|u1'", 3, "abc");
  const std::string objects = array("'|O'", 1, bad);
  BOOST_TEST(verdict(plain) == "safe");
  BOOST_TEST(verdict(plain + bad) == "dangerous");
  BOOST_TEST(verdict(plain + objects) == "dangerous");
  BOOST_TEST(verdict(plain + plain) == "unknown");
  const std::string safe = array("'|O'", 1, Stream().proto(4).one().stop().str());
  BOOST_TEST(verdict(safe) == "safe");
  BOOST_TEST(verdict(safe + bad) == "dangerous");
  BOOST_TEST(verdict(safe + objects) == "dangerous");
  BOOST_TEST(verdict(array("[('x', '|u1')]", 3, "abc")) == "safe");
  BOOST_TEST(verdict(array("[('x', '|u1')]", 3, "abc") + bad) == "dangerous");
  BOOST_TEST(verdict(Zip().add("a.npy", plain + bad).str()) == "dangerous");
  const Zip::Member packed{.name = "a.npy",
                           .data = "",
                           .method = 8,
                           .bytes = plain.size() + bad.size()};
  BOOST_TEST(verdict(Zip().add(packed).str()) == "dangerous");
}

BOOST_AUTO_TEST_CASE(half_a_file_is_no_whole_one) {
  const std::string whole = legacy();
  for (std::size_t missing = 1; missing <= 12; ++missing) {
    const ScanReport report = report_of(whole.substr(0, whole.size() - missing));
    BOOST_TEST(!report.complete, missing);
    BOOST_TEST(to_string(report.verdict) == "unknown");
  }
  const std::string rows = array("[('x', '<f4'), ('y', '|S2')]", 2, "123456789012");
  BOOST_TEST(report_of(rows).complete);
  BOOST_TEST(!report_of(rows.substr(0, rows.size() - 1)).complete);
  expect_error(Errc::corrupt, "truncated", [&] {
    store::list_tensors(io::MemoryFile(bytes_of(rows.substr(0, rows.size() - 1))), {});
  });
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(gadgets)

// Classes whose attributes pass for methods, that call what their state names, or whose methods
// touch files.
BOOST_AUTO_TEST_CASE(what_lends_methods_to_other_classes_is_not_vouched_for) {
  const auto instance = [](std::string_view module, std::string_view name) {
    return Stream().proto(2).global(module, name).op(Op::empty_tuple).op(Op::newobj)
        .op(Op::empty_dict).text("x").one().op(Op::setitem).op(Op::build).stop().str();
  };
  BOOST_TEST(verdict(instance("sklearn.linear_model._base", "LinearRegression")) == "safe");
  BOOST_TEST(verdict(instance("types", "SimpleNamespace")) == "unknown");
  BOOST_TEST(verdict(instance("argparse", "Namespace")) == "unknown");
  BOOST_TEST(verdict(instance("sklearn.ensemble._stacking", "StackingRegressor")) == "unknown");
  BOOST_TEST(verdict(instance("sklearn.metrics._scorer", "_Scorer")) == "unknown");
  BOOST_TEST(verdict(instance("sklearn.frozen._frozen", "FrozenEstimator")) == "unknown");
  const auto path = [](std::string_view name) {
    return Stream().proto(2).global("pathlib", name).text("a").op(Op::tuple1).op(Op::reduce)
        .stop().str();
  };
  BOOST_TEST(verdict(path("PurePosixPath")) == "safe");
  BOOST_TEST(verdict(path("PosixPath")) == "unknown");
}

BOOST_AUTO_TEST_CASE(a_text_of_bytes_that_a_call_made_is_not_read) {
  const auto text_of_bytes = [](const Stream& bytes) {
    return Stream().proto(4).symbol("builtins", "str").raw(bytes.str()).text("latin1")
        .op(Op::tuple2).op(Op::reduce).stop().str();
  };
  BOOST_TEST(verdict(text_of_bytes(Stream().op(Op::short_binbytes, "abc", 1))) == "safe");
  const Stream made = Stream().symbol("builtins", "bytes").op(Op::empty_list).one().op(Op::append)
                          .op(Op::tuple1).op(Op::reduce);
  BOOST_TEST(verdict(text_of_bytes(made)) == "unknown");
}

BOOST_AUTO_TEST_SUITE_END()
