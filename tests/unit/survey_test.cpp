// The notes that a first reading leaves for a second one.
#include "pickle/survey.hpp"

#include <vector>

#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

BOOST_AUTO_TEST_SUITE(survey)

namespace {

using Kind = Note::Kind;

struct Result {
  std::vector<Note> notes;
  std::string reason;
  bool lacks_form = false;
  std::uint64_t free_index = 0;
};

Result surveyed(const Stream& stream, int protocol, const Limits& limits = {}) {
  Survey survey(protocol, limits);
  TokenReader reader(survey, 0, limits);
  reader.feed(stream.bytes());
  return {survey.take_notes(), reader.reason(), survey.lacks_form(), survey.free_index()};
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_has_a_form_of_its_own_leaves_no_note) {
  const Stream stream = Stream()
                            .proto(4)
                            .symbol("m", "C")
                            .op(Op::empty_tuple)
                            .op(Op::newobj)
                            .memo()
                            .op(Op::empty_set)
                            .mark()
                            .one()
                            .op(Op::additems)
                            .mark()
                            .op(Op::frozenset)
                            .op(Op::tuple2)
                            .stop();
  for (const int protocol : {4, 5}) BOOST_TEST(surveyed(stream, protocol).notes.empty());
  BOOST_TEST(!surveyed(stream, 3).notes.empty());
}

BOOST_AUTO_TEST_CASE(notes_stand_at_their_opcodes) {
  const struct {
    std::string_view name;
    Stream stream;
    std::vector<Note> notes;
  } vectors[] = {
      {"names",
       Stream().text("m").memo().text("C").stack_global().stop(),
       {{0, Kind::drop}, {3, Kind::drop}, {4, Kind::drop}}},
      {"a name that is data",
       Stream().text("m").text("C").memo().stack_global().get(0).stop(),
       {{0, Kind::drop}, {7, Kind::pop, 1}}},
      {"a set",
       Stream().op(Op::empty_set).put(9).mark().op(Op::additems).stop(),
       {{1, Kind::drop}, {4, Kind::set_ends}, {4, Kind::put, 9}}},
      {"an empty set", Stream().op(Op::empty_set).put(9).stop(), {{0, Kind::set_ends}}},
      {"a frozenset",
       Stream().one().mark().one().op(Op::frozenset).stop(),
       {{2, Kind::frozenset_begins}}},
      {"a pair",
       Stream().mark().one().one().op(Op::tuple).stop(),
       {{0, Kind::drop}, {5, Kind::gather, 2}}},
      {"four", Stream().mark().one().one().one().one().op(Op::tuple).stop(), {}},
      {"a list of one", Stream().mark().one().op(Op::list).stop(), {}},
      {"an empty dict",
       Stream().mark().op(Op::dict).stop(),
       {{0, Kind::drop}, {1, Kind::gather, 0}}},
      {"a class of a mark",
       Stream()
           .mark()
           .global("m", "C")
           .op(Op::obj)
           .op(Op::empty_tuple)
           .op(Op::empty_dict)
           .op(Op::newobj_ex)
           .stop(),
       {{0, Kind::class_begins}}},
      {"a class of a persistent id",
       Stream()
           .one()
           .op(Op::binpersid)
           .op(Op::empty_tuple)
           .op(Op::empty_dict)
           .op(Op::newobj_ex)
           .stop(),
       {{0, Kind::class_begins}}},
  };
  for (const auto& [name, stream, notes] : vectors) {
    const Result result = surveyed(stream, 3);
    BOOST_TEST(result.reason.empty(), name << ": " << result.reason);
    BOOST_TEST((result.notes == notes), name);
  }
}

BOOST_AUTO_TEST_CASE(the_memo_is_free_behind_the_highest_index) {
  BOOST_TEST(surveyed(Stream().one().stop(), 2).free_index == 0U);
  BOOST_TEST(surveyed(Stream().one().put(7).memo().stop(), 2).free_index == 8U);
}

BOOST_AUTO_TEST_CASE(what_has_no_form_is_told_from_what_is_wrong) {
  const Result shared =
      surveyed(Stream().op(Op::empty_set).memo().get(0).mark().one().op(Op::additems).stop(), 3);
  BOOST_TEST(shared.lacks_form);
  BOOST_TEST(shared.reason.starts_with("the set that begins at byte 0 holds itself"));
  const Result wrong = surveyed(Stream().op(Op::append).stop(), 3);
  BOOST_TEST(!wrong.lacks_form);
  BOOST_TEST(wrong.reason.starts_with("APPEND wants"));
  const Stream huge = Stream().op(Op::binbytes8, 0x100000000, 8);
  BOOST_TEST(surveyed(huge, 3).lacks_form);
  BOOST_TEST(!surveyed(huge, 4).lacks_form);
  BOOST_TEST(surveyed(Stream().op(Op::binunicode8, 0x100000000, 8), 2).lacks_form);
}

BOOST_AUTO_TEST_CASE(places_are_limited) {
  const Limits limits{.max_nodes = 2};
  Stream sets;
  Stream puts = Stream().op(Op::empty_set);
  Stream frozen;
  Stream classes;
  for (int i = 0; i < 3; ++i) {
    sets.op(Op::empty_set);
    puts.put(1);
    frozen.mark().op(Op::frozenset);
    classes.global("m", "C").op(Op::empty_tuple).op(Op::empty_dict).op(Op::newobj_ex);
  }
  for (const Stream& stream : {sets, puts, frozen, classes}) {
    const Result result = surveyed(Stream(stream).stop(), 3, limits);
    BOOST_TEST(result.reason.starts_with("max_nodes: more than 2 places"), result.reason);
    BOOST_TEST(!result.lacks_form);
  }
}

BOOST_AUTO_TEST_SUITE_END()
