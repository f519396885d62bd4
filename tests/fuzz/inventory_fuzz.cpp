// Any bytes as a checkpoint file: its tensors, its tree and its JSON end with an answer or an
// Error.
//
// What holds of every input: a tensor with an offset lies within the file, and its statistics count
// no element twice; what is listed twice is listed alike; the JSON is lines of ASCII.
#include <algorithm>

#include "brine/convert.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/sealed.hpp"
#include "io/file.hpp"
#include "store/inventory.hpp"

using namespace brine;
using namespace brine::fuzz;

namespace {

// What `body` makes, or the words of its Error.
template <typename Body>
std::string outcome(Body body) {
  try {
    return body();
  } catch (const Error& error) {
    require(is_of_input(error), error.what());
    return error.what();
  }
}

std::string measured(const TensorInfo& tensor) {
  if (!tensor.statistics) return {};
  const TensorStatistics& found = *tensor.statistics;
  require(found.nans + found.infinities + found.zeros <= tensor.bytes * 2,
          "more elements are odd than there are");
  return fmt::format("{} {} {}", found.nans, found.infinities, found.zeros);
}

std::string tensors_of(const RandomSource& file, const Limits& limits) {
  std::string all;
  for (const TensorInfo& each : store::list_tensors(file, limits, {.statistics = true})) {
    const bool lies_within =
        !each.offset || (*each.offset <= file.size() && each.bytes <= file.size() - *each.offset);
    require(lies_within, "a tensor reaches over the end of the file");
    all += fmt::format("{} {} {} {}\n", each.path, each.dtype, each.bytes, measured(each));
  }
  return all;
}

std::string tree_of(const RandomSource& file, const Limits& limits) {
  std::string all;
  for (const TreeRow& row : store::list_tree(file, {.depth = 5}, limits)) {
    all += fmt::format("{} {} {}\n", row.level, row.name, row.text);
  }
  return all;
}

std::string json_of(const RandomSource& file, const Limits& limits) {
  Text out;
  const std::uint64_t lines = write_json(file, out, {}, limits);
  require(static_cast<std::uint64_t>(std::count(out.text.begin(), out.text.end(), '\n')) == lines,
          "a line of JSON is not a pickle");
  require(std::all_of(out.text.begin(), out.text.end(),
                      [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }),
          "the JSON is not ASCII");
  return out.text;
}

void check(ByteView bytes, const Limits& limits) {
  const io::MemoryFile file(bytes);
  for (const auto& look : {tensors_of, tree_of, json_of}) {
    const std::string first = outcome([&] { return look(file, limits); });
    require(first == outcome([&] { return look(file, limits); }), "two lists of one file differ");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView whole = view(data, size);
  for (const Limits& limits : {roomy, tight}) {
    check(whole, limits);
    if (const auto tar = sealed(whole)) check(*tar, limits);
  }
  return 0;
}
