#include "pickle/edit.hpp"

#include <fmt/format.h>

#include <map>

#include "base/text.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::expect_error;
using brine::test::Stream;

namespace {

using Names = std::map<std::string, std::string>;  // "module:name"

struct Text final : Sink {
  std::string text;
  void write(ByteView bytes) override { text += text_of(bytes); }
};

Symbol parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

NewName by(const Names& names) {
  return [&names](const Symbol& symbol) -> std::optional<Symbol> {
    const auto found = names.find(symbol.module + ":" + symbol.name);
    return found == names.end() ? std::nullopt : std::optional(parse(found->second));
  };
}

Machine machine_of(ByteView payload) {
  Machine machine(Detail::pushes);
  std::size_t used = 0;
  while (used < payload.size()) {
    machine.begin();
    TokenReader reader(machine, used, {});
    used += reader.feed(payload.subspan(used));
    reader.finish();
    BOOST_REQUIRE_MESSAGE(reader.state() == TokenReader::State::stopped, reader.reason());
  }
  return machine;
}

std::string edited(ByteView payload, const std::vector<Edit>& edits, std::size_t cut = 0) {
  Text text;
  EditingSink sink(text, edits);
  sink.write(payload.first(cut));
  sink.write(payload.subspan(cut));
  sink.finish();
  return text.text;
}

// Renames and checks what holds of every renaming: the edits are in order, the length is foretold,
// no split of the payload matters, and the same names find nothing more to do.
std::string renamed(const Stream& stream, const Names& names) {
  const std::vector<Edit> edits = rename(machine_of(stream.bytes()), by(names));
  std::uint64_t at = 0;
  for (const Edit& edit : edits) {
    BOOST_TEST(edit.offset >= at);
    at = edit.offset + edit.removed;
  }
  const std::string after = edited(stream.bytes(), edits);
  BOOST_TEST(edited_bytes(stream.size(), edits) == after.size());
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    BOOST_TEST((edited(stream.bytes(), edits, cut) == after), "cut at " << cut);
  }
  BOOST_TEST(rename(machine_of(bytes_of(after)), by(names)).empty());
  return after;
}

void expect(const Stream& stream, const Names& names, const Stream& wanted) {
  const std::string after = renamed(stream, names);
  BOOST_TEST((after == wanted.str()), base::printable(after) << " instead of "
                                                             << base::printable(wanted.str()));
}

// What stands before a STACK_GLOBAL whose texts could not be replaced where they are pushed.
Stream pop_both(const Stream& module, const Stream& name) {
  return Stream().op(Op::pop).op(Op::pop).raw(module.str()).raw(name.str());
}

const Names moved{{"old:C", "new.longer:C"}, {"old:D", "new.longer:D"}};
const Names class_renamed{{"old:C", "old:Renamed"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(edit)

BOOST_AUTO_TEST_CASE(nothing_to_rename_changes_nothing) {
  const Stream stream = Stream().proto(4).frame(Stream().symbol("old", "C").stop());
  BOOST_TEST(renamed(stream, {}) == stream.str());
  BOOST_TEST(renamed(stream, {{"old:D", "new:D"}}) == stream.str());
  BOOST_TEST(renamed(stream, {{"old:C", "old:C"}}) == stream.str());
  const Stream lines = Stream().global("old", "C").inst("old", "C").stop();
  BOOST_TEST(renamed(lines, {{"old:C", "old:C"}}) == lines.str());
}

BOOST_AUTO_TEST_CASE(the_lines_of_global_and_inst_are_replaced) {
  const Stream stream = Stream().global("old", "C").put(0).inst("old", "D").global("old", "E");
  expect(Stream(stream).stop(), moved,
         Stream().global("new.longer", "C").put(0).inst("new.longer", "D").global("old", "E")
             .stop());
  expect(Stream().global("old", "C").stop(), {{"old:C", "n:X"}}, Stream().global("n", "X").stop());
}

BOOST_AUTO_TEST_CASE(texts_that_are_names_only_are_replaced_where_they_are_pushed) {
  const Stream stream = Stream().symbol("old", "C").get(0).text("D").memo().stack_global();
  expect(Stream(stream).stop(), moved,
         Stream().symbol("new.longer", "C").get(0).text("D").memo().stack_global().stop());
  expect(Stream().symbol("old", "C").stop(), class_renamed,
         Stream().symbol("old", "Renamed").stop());
  expect(Stream().text("old").text("C").stack_global().stop(), moved,
         Stream().text("new.longer").text("C").stack_global().stop());
}

BOOST_AUTO_TEST_CASE(two_symbols_of_one_module_may_go_two_ways) {
  const Stream stream = Stream().symbol("old", "C").get(0).text("E").memo().stack_global().stop();
  expect(stream, {{"old:C", "new:C"}},
         Stream().text("old").memo().text("C").memo()
             .raw(pop_both(Stream().text("new"), Stream().text("C")).str()).stack_global().memo()
             .get(0).text("E").memo().stack_global().stop());
}

BOOST_AUTO_TEST_CASE(a_text_that_is_data_too_stays) {
  // {'cls': C, 'mod': C.__module__} and {'cls': C, 'name': C.__name__}
  const Stream head = Stream().op(Op::empty_dict).memo().mark().text("cls").memo();
  const Stream names = Stream().text("old").memo().text("C").memo();
  const Stream by_module = Stream().text("mod").memo().get(2).op(Op::setitems).stop();
  const auto after = [&](const Stream& inserted, const Stream& tail) {
    return Stream(head).raw(names.str()).raw(inserted.str()).stack_global().memo().raw(tail.str());
  };
  expect(after({}, by_module), moved,
         after(pop_both(Stream().text("new.longer"), Stream().text("C")), by_module));
  const Stream by_name = Stream().text("name").memo().get(3).op(Op::setitems).stop();
  expect(after({}, by_name), class_renamed,
         after(Stream().op(Op::pop).text("Renamed"), by_name));
}

BOOST_AUTO_TEST_CASE(where_only_the_name_is_data_the_module_is_replaced_in_place) {
  const Stream stream = Stream().text("old").text("C").memo().stack_global().get(0).op(Op::tuple2);
  expect(Stream(stream).stop(), {{"old:C", "new:Renamed"}},
         Stream().text("new").text("C").memo().op(Op::pop).text("Renamed").stack_global().get(0)
             .op(Op::tuple2).stop());
}

BOOST_AUTO_TEST_CASE(module_and_name_may_be_one_text) {
  const auto with = [](const Stream& inserted) {
    return Stream().text("C").dup().raw(inserted.str()).stack_global().stop();
  };
  expect(with({}), {{"C:C", "D:D"}}, Stream().text("D").dup().stack_global().stop());
  expect(with({}), {{"C:C", "new:C"}}, with(pop_both(Stream().text("new"), Stream().text("C"))));
  expect(Stream().text("C").memo().get(0).stack_global().stop(), {{"C:C", "C:D"}},
         Stream().text("C").memo().get(0).op(Op::pop).text("D").stack_global().stop());
}

BOOST_AUTO_TEST_CASE(old_ways_to_push_a_text_give_way_to_one_that_every_reader_knows) {
  const Stream wanted = Stream().long_text("new.longer");
  for (const Stream& push : {Stream().line(Op::string, "'old'"), Stream().line(Op::unicode, "old"),
                             Stream().op(Op::binstring, "old", 4), Stream().long_text("old"),
                             Stream().op(Op::short_binstring, "old", 1),
                             Stream().op(Op::binunicode8, "old", 8)}) {
    expect(Stream(push).text("C").stack_global().stop(), moved,
           Stream(wanted).text("C").stack_global().stop());
  }
}

BOOST_AUTO_TEST_CASE(names_over_255_bytes_take_the_long_form) {
  const std::string longest(255, 'n');
  const std::string longer = "n." + longest;
  const Stream stream = Stream().proto(4).text("old").text("C").stack_global().stop();
  expect(stream, {{"old:C", longest + ":C"}},
         Stream().proto(4).text(longest).text("C").stack_global().stop());
  expect(stream, {{"old:C", longer + ":C"}},
         Stream().proto(4).long_text(longer).text("C").stack_global().stop());
}

BOOST_AUTO_TEST_CASE(nothing_is_renamed_in_frames_that_readers_dispute) {
  const Stream inner = Stream().frame(Stream().global("old", "C"));
  for (const Stream& stream : {Stream().frame(Stream(inner).stop()),
                               Stream().frame(Stream().global("old", "C").stop().one())}) {
    const Machine machine = machine_of(stream.bytes());
    expect_error(Errc::migration, "cannot be renamed",
                 [&] { rename(machine, by(Names{{"old:C", "new:C"}})); });
    BOOST_TEST(rename(machine, by(Names{{"other:C", "new:C"}})).empty());
  }
}

BOOST_AUTO_TEST_CASE(names_that_cannot_be_written_are_refused) {
  const auto refuse = [](const Stream& stream, const std::string& name, std::string_view words) {
    expect_error(Errc::migration, words, [&] {
      const Names names{{"old:C", name}};
      rename(machine_of(Stream(stream).stop().bytes()), by(names));
    });
  };
  const Stream global = Stream().proto(2).global("old", "C");
  refuse(global, "new:Outer.C", "new:Outer.C cannot be written at byte 2: readers look up");
  refuse(Stream().proto(3).inst("old", "C"), "new:O.C", "the pickle has protocol 3");
  refuse(Stream().symbol("old", "C"), "new:O.C", "the pickle has protocol 0");
  for (const char* bad : {"a\nb:C", "a:b\nc", "a b:C", ":C", "a:", "a:\xff"}) {
    refuse(global, bad, "is no plain name");
  }
  const Names dotted{{"old:C", "new:Outer.C"}};
  BOOST_TEST(renamed(Stream().proto(4).global("old", "C").stop(), dotted) ==
             Stream().proto(4).global("new", "Outer.C").stop().str());
}

BOOST_AUTO_TEST_CASE(frames_follow_what_changes_inside_them) {
  const Stream inside = Stream().symbol("old", "C").one();
  const Stream between = Stream().global("old", "C");
  const auto payload = [](const Stream& first, const Stream& middle, const Stream& last) {
    return Stream().proto(4).frame(first).frame(Stream().one()).raw(middle.str()).frame(last);
  };
  const Stream last = Stream().get(0).get(1).stack_global().stop();
  const Stream expected = Stream().symbol("new.longer", "C").one();
  expect(payload(inside, between, last), moved,
         payload(expected, Stream().global("new.longer", "C"), last));
}

BOOST_AUTO_TEST_CASE(an_edit_at_the_front_of_a_frame_is_inside_it) {
  // The texts are data, so that the edit stands right before STACK_GLOBAL.
  const Stream texts = Stream().text("old").memo().text("C").memo();
  const Stream rest = Stream().stack_global().get(0).get(1).op(Op::tuple3).stop();
  const Stream inserted = pop_both(Stream().text("new"), Stream().text("C"));
  expect(Stream().proto(4).frame(texts).frame(rest), {{"old:C", "new:C"}},
         Stream().proto(4).frame(texts).frame(Stream(inserted).raw(rest.str())));
  // And behind a frame it is not.
  expect(Stream().proto(4).frame(texts).raw(rest.str()), {{"old:C", "new:C"}},
         Stream().proto(4).frame(texts).raw(inserted.str()).raw(rest.str()));
}

BOOST_AUTO_TEST_CASE(all_pickles_of_a_payload_are_renamed) {
  const auto payload = [](const char* module) {
    return Stream().proto(4).frame(Stream().symbol(module, "C").stop()).global(module, "D").stop();
  };
  expect(payload("old"), moved, payload("new.longer"));
}

BOOST_AUTO_TEST_CASE(a_memo_entry_of_a_symbol_keeps_its_number) {
  const Stream stream = Stream().symbol("old", "C").get(2).get(0).op(Op::tuple3).stop();
  const std::string after = renamed(stream, moved);
  const Machine before = machine_of(stream.bytes());
  const Machine machine = machine_of(bytes_of(after));
  BOOST_TEST(after.ends_with(Stream().get(2).get(0).op(Op::tuple3).stop().str()));
  BOOST_TEST(machine.symbols()[0].count == before.symbols()[0].count);
}

BOOST_AUTO_TEST_CASE(large_buffers_pass_by) {
  const std::string large(held_bytes + 1, 'x');
  const auto payload = [&](const char* module) {
    return Stream().global(module, "C").op(Op::binbytes, large, 4).global(module, "C").stop();
  };
  const Stream before = payload("old");
  const std::vector<Edit> edits = rename(machine_of(before.bytes()), by(moved));
  BOOST_TEST(edits.size() == 2u);
  BOOST_TEST((edited(before.bytes(), edits, 1000) == payload("new.longer").str()));
}

BOOST_AUTO_TEST_CASE(edits_apply_at_both_ends_and_side_by_side) {
  const std::vector<Edit> edits{{0, 0, "<"}, {0, 2, "AB"}, {2, 1, ""}, {3, 0, "|"}, {5, 1, "F"},
                                {6, 0, ">"}};
  for (std::size_t cut = 0; cut <= 6; ++cut) {
    BOOST_TEST(edited(bytes_of("abcdef"), edits, cut) == "<AB|deF>");
  }
  BOOST_TEST(edited_bytes(6, edits) == 8u);
}

BOOST_AUTO_TEST_CASE(an_edit_behind_the_payload_is_a_bug) {
  for (const Edit& edit : {Edit{7, 0, "x"}, Edit{6, 1, ""}, Edit{5, 2, "x"}}) {
    expect_error(Errc::internal, "behind the payload's end at 6",
                 [&] { edited(bytes_of("abcdef"), {edit}); });
  }
}

BOOST_AUTO_TEST_SUITE_END()
