#include "store/inventory.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/file.hpp"
#include "support/expect.hpp"
#include "support/pickles.hpp"
#include "support/tars.hpp"
#include "support/zips.hpp"

using namespace brine;
using namespace brine::test;
using namespace std::string_literals;

namespace {

std::string tensors_of(const std::string& payload, const Limits& limits = {}) {
  const io::MemoryFile file(bytes_of(payload));
  std::string all;
  for (const TensorInfo& each : store::list_tensors(file, limits)) {
    const std::string content =
        each.offset ? payload.substr(static_cast<std::size_t>(*each.offset),
                                     static_cast<std::size_t>(each.bytes))
                    : "-";
    all += fmt::format("{} {} {} {};", each.path, each.dtype, fmt::join(each.shape, "x"), content);
  }
  return all;
}

// A tensor of bytes of torch, of a storage that has as many.
Stream torch_tensor(std::string_view key, unsigned items) {
  const Stream storage = Stream().mark().text("storage").global("torch", "ByteStorage").text(key)
                                 .text("cpu").op(Op::binint1, items, 1).op(Op::tuple)
                                 .op(Op::binpersid);
  return Stream().global("torch._utils", "_rebuild_tensor_v2").mark().raw(storage.str())
      .op(Op::binint1, 0, 1).op(Op::binint1, items, 1).op(Op::tuple1).op(Op::binint1, 1, 1)
      .op(Op::tuple1).op(Op::newfalse).op(Op::empty_dict).op(Op::tuple).op(Op::reduce);
}

std::string state_dict(std::string_view name, const Stream& tensor) {
  return Stream().proto(2).op(Op::empty_dict).text(name).raw(tensor.str()).op(Op::setitem).stop()
      .str();
}

std::string numpy_array(std::string_view content) {
  return Stream().global("numpy.core.numeric", "_frombuffer").mark()
      .op(Op::short_binbytes, content, 1).global("numpy", "dtype").text("u1").op(Op::tuple1)
      .op(Op::reduce).op(Op::binint1, content.size(), 1).op(Op::tuple1).text("C").op(Op::tuple)
      .op(Op::reduce).stop().str();
}

std::string legacy(const std::string& object, std::string_view key, std::string_view content) {
  const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";
  const std::string keys =
      Stream().proto(2).op(Op::empty_list).text(key).op(Op::append).stop().str();
  return magic + Stream().proto(2).one().stop().str() + Stream().proto(2).one().stop().str() +
         object + keys + le(content.size(), 8) + std::string(content);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inventory)

BOOST_AUTO_TEST_CASE(every_format_is_listed) {
  const std::string weights = state_dict("w", torch_tensor("0", 4));
  const std::string zip =
      Zip().add("m/data.pkl", weights).add("m/data/0", "abcd").add("m/version", "3").str();
  BOOST_TEST(tensors_of(zip) == "w uint8 4 abcd;");
  BOOST_TEST(tensors_of(legacy(weights, "0", "abcd")) == "w uint8 4 abcd;");
  BOOST_TEST(tensors_of(numpy_array("abc")) == " uint8 3 abc;");
  BOOST_TEST(tensors_of(npy(npy_literal("'|u1'", 3), "abc")) == " uint8 3 abc;");
  const std::string npz = Zip().add("a.npy", npy(npy_literal("'|u1'", 2), "xy"))
                              .add("o.npy", npy(npy_literal("'|O'", 1), pickle_of("x")))
                              .str();
  BOOST_TEST(tensors_of(npz) == "a uint8 2 xy;");
  BOOST_TEST(tensors_of(npy(npy_literal("'|O'", 1), weights)) == "w uint8 4 -;");
  BOOST_TEST(tensors_of(Zip().add("o.npy", npy(npy_literal("'|O'", 1), numpy_array("ab"))).str()) ==
             "o uint8 2 ab;");
}

BOOST_AUTO_TEST_CASE(pickles_behind_one_another_are_numbered) {
  const std::string two = numpy_array("ab") + " \r\n" + state_dict("w", torch_tensor("0", 1));
  BOOST_TEST(tensors_of(two) == "[0] uint8 2 ab;[1].w uint8 1 -;");
  BOOST_TEST(tensors_of(numpy_array("ab") + "\n") == " uint8 2 ab;");
  BOOST_TEST(tensors_of(numpy_array("ab") + "\xff behind") == " uint8 2 ab;");
}

BOOST_AUTO_TEST_CASE(storages_that_are_not_there_leave_no_offset) {
  const std::string weights = state_dict("w", torch_tensor("0", 4));
  const auto with = [&](const Zip::Member& storage) {
    return Zip().add("m/data.pkl", weights).add(storage).add("m/version", "3").str();
  };
  BOOST_TEST(tensors_of(with({.name = "m/other", .data = "x"})) == "w uint8 4 -;");
  BOOST_TEST(tensors_of(with({.name = "n/data/0", .data = "abcd"})) == "w uint8 4 -;");
  BOOST_TEST(tensors_of(with({.name = "m/data/0", .data = "abcd", .method = 8})) ==
             "w uint8 4 -;");
  BOOST_TEST(tensors_of(with({.name = "m/data/0", .data = "abc"})) == "");  // too short
}

// As pickle.dump and joblib.dump write a tensor of torch: its storage is a file in a byte string.
BOOST_AUTO_TEST_CASE(storages_in_byte_strings_are_looked_into) {
  const std::string id = Stream().mark().text("storage").global("torch", "ByteStorage").text("7")
                             .text("cpu").op(Op::binint1, 4, 1).op(Op::tuple).op(Op::binpersid)
                             .stop().str();
  const std::string inner = legacy("\x80\x02" + id, "7", "abcd");
  const auto with = [](const std::string& file) {
    const Stream storage = Stream().global("torch.storage", "_load_from_bytes")
                               .op(Op::binbytes, file, 4).op(Op::tuple1).op(Op::reduce);
    const Stream tensor = Stream().global("torch._utils", "_rebuild_tensor_v2").mark()
                              .raw(storage.str()).one().op(Op::binint1, 2, 1).op(Op::tuple1).one()
                              .op(Op::tuple1).op(Op::newfalse).op(Op::empty_dict).op(Op::tuple)
                              .op(Op::reduce);
    return tensors_of(state_dict("w", tensor));
  };
  BOOST_TEST(with(inner) == "w uint8 2 bc;");
  BOOST_TEST(with(inner.substr(0, inner.size() - 1)) == "");
  BOOST_TEST(with("no file of torch") == "");
  BOOST_TEST(with(legacy(state_dict("w", Stream().one()), "7", "abcd")) == "");
}

BOOST_AUTO_TEST_CASE(the_constants_of_torchscript_are_listed) {
  const std::string constants = Stream().proto(2).raw(torch_tensor("0", 2).str()).op(Op::tuple1)
                                    .stop().str();
  const std::string zip = Zip().add("m/data.pkl", state_dict("w", torch_tensor("0", 4)))
                              .add("m/data/0", "abcd").add("m/constants.pkl", constants)
                              .add("m/constants/0", "xy").add("m/version", "3").str();
  BOOST_TEST(tensors_of(zip) == "w uint8 4 abcd;constants.pkl[0] uint8 2 xy;");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_listed_says_why) {
  const std::string weights = state_dict("w", torch_tensor("0", 4));
  const auto fails = [](Errc code, std::string_view words, const std::string& payload) {
    expect_error(code, words, [&] { tensors_of(payload); });
  };
  fails(Errc::corrupt, "it is empty", "");
  fails(Errc::corrupt, "no opcode", "Hello, world");
  fails(Errc::unsupported, "by method 12",
        Zip().add({.name = "m/data.pkl", .data = "x", .method = 12}).add("m/version", "3").str());
  fails(Errc::corrupt, "reach over its end", Tar().header("a", "77777777777").str());
  fails(Errc::corrupt, "before its STOP", weights.substr(0, weights.size() - 1));
  fails(Errc::corrupt, "is computed", "NN\x93.");
  fails(Errc::unsupported, "is computed", "Vos\nc__builtin__\nstr\n)R\x93.");
  fails(Errc::corrupt, "storage 0 is truncated",
        legacy(weights, "0", "abcd").substr(0, legacy(weights, "0", "abcd").size() - 1));
  fails(Errc::corrupt, "the array is truncated", npy(npy_literal("'|u1'", 3), "ab"));
  expect_error(Errc::limit, "max_nodes", [&] { tensors_of(weights, {.max_nodes = 3}); });
}

BOOST_AUTO_TEST_CASE(a_legacy_file_whose_keys_do_not_fit_lists_what_it_can) {
  const std::string weights = state_dict("w", torch_tensor("0", 4));
  BOOST_TEST(tensors_of(legacy(weights, "other", "abcd")) == "w uint8 4 -;");
}

BOOST_AUTO_TEST_SUITE_END()
