#include "tensor/overlap.hpp"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

using namespace brine;
using tensor::Extent;
using tensor::Tensor;

namespace {

Tensor at(std::uint64_t offset, std::uint64_t bytes) {
  return TensorInfo{.path = {}, .dtype = "uint8", .shape = {bytes}, .offset = offset,
                    .bytes = bytes};
}

Tensor spanning(std::string_view storage, std::uint64_t begin, std::uint64_t end,
                std::uint64_t bytes) {
  Tensor tensor(TensorInfo{.path = {}, .dtype = "uint8", .shape = {bytes}, .offset = {},
                           .bytes = bytes});
  tensor.extent = Extent{std::string(storage), begin, end};
  return tensor;
}

// `WITH BYTES;` of each in turn.
std::string told(const std::vector<Tensor>& tensors) {
  tensor::Overlap overlap;
  std::string all;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto found = overlap.add(tensors[i], i);
    all += found.with ? fmt::format("{} {};", *found.with, found.bytes) : "-;";
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(overlap)

BOOST_AUTO_TEST_CASE(bytes_that_an_earlier_tensor_has_are_counted) {
  const std::pair<std::vector<Tensor>, std::string_view> vectors[] = {
      {{at(0, 8), at(8, 8), at(16, 1)}, "-;-;-;"},
      {{at(0, 8), at(0, 8)}, "-;0 8;"},
      {{at(0, 8), at(2, 4), at(6, 4)}, "-;0 4;0 2;"},
      {{at(8, 8), at(0, 4), at(0, 32)}, "-;-;1 12;"},
      {{at(0, 4), at(4, 4), at(2, 4)}, "-;-;0 4;"},
      {{at(0, 4), at(8, 4), at(0, 12), at(4, 4)}, "-;-;0 8;2 4;"},
      {{at(4, 0), at(0, 8), at(4, 0)}, "-;-;-;"},
  };
  for (const auto& [tensors, wanted] : vectors) BOOST_TEST(told(tensors) == wanted);
}

BOOST_AUTO_TEST_CASE(storages_without_a_place_are_told_by_their_keys) {
  BOOST_TEST(told({spanning("0", 0, 8, 8), spanning("1", 0, 8, 8), spanning("0", 4, 8, 4)}) ==
             "-;-;0 4;");
  BOOST_TEST(told({at(0, 8), spanning("0", 0, 8, 8), spanning("", 0, 8, 8)}) == "-;-;0 8;");
}

BOOST_AUTO_TEST_CASE(views_with_gaps_and_views_that_repeat_have_no_more_bytes_than_theirs) {
  BOOST_TEST(told({spanning("0", 0, 8, 4), spanning("0", 1, 8, 4)}) == "-;0 4;");
  BOOST_TEST(told({spanning("0", 0, 4, 400)}) == "-;");
  BOOST_TEST(told({spanning("0", 0, 4, 400), spanning("0", 0, 8, 8)}) == "-;0 4;");
}

BOOST_AUTO_TEST_CASE(a_tensor_of_nobody_knows_where_shares_nothing) {
  const Tensor nowhere(
      TensorInfo{.path = {}, .dtype = "uint8", .shape = {4}, .offset = {}, .bytes = 4});
  BOOST_TEST(told({nowhere, nowhere}) == "-;-;");
}

BOOST_AUTO_TEST_SUITE_END()
