// Any bytes as a file of joblib: the reader neither crashes nor contradicts itself.
//
// What holds of every input: how it is cut into pieces does not matter; the arrays that were found
// lie behind one another between the opcodes; who jumps over what is to pass unread reads the
// same.
#include <algorithm>

#include "fuzz/fuzz.hpp"
#include "tensor/inventory.hpp"
#include "tensor/joblib.hpp"

using namespace brine;
using namespace brine::fuzz;
using tensor::JoblibReader;

namespace {

enum class Way { feeding, jumping };

struct Reading {
  std::string outcome;
  std::string arrays;
};

Reading read(ByteView payload, const Limits& limits, std::size_t piece, Way way) {
  pickle::Machine machine(pickle::Detail::symbols, limits);
  JoblibReader reader(&machine, limits);
  std::size_t used = 0;
  while (used < payload.size() && reader.state() == JoblibReader::State::reading) {
    if (way == Way::jumping) {
      used += static_cast<std::size_t>(
          std::min<std::uint64_t>(reader.take_skip(), payload.size() - used));
    }
    used += reader.feed(payload.subspan(used, std::min(piece, payload.size() - used)));
  }
  reader.finish();
  Reading reading;
  const bool is_whole = reader.state() == JoblibReader::State::stopped;
  reading.outcome = fmt::format("{} {} {} {}", is_whole, reader.opcode_count(),
                                machine.symbols().size(), is_whole ? "" : reader.reason());
  if (!is_whole) return reading;
  std::uint64_t end = 0;
  std::vector<TensorInfo> arrays;
  for (const auto& [wrapper, array] : reader.arrays()) arrays.push_back(array);
  std::sort(arrays.begin(), arrays.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return std::pair(a.offset, a.bytes) < std::pair(b.offset, b.bytes);
  });
  for (const TensorInfo& array : arrays) {
    require(array.offset.has_value() && *array.offset >= end, "arrays overlap");
    end = *array.offset + array.bytes;
    reading.arrays += fmt::format("{} {} {}\n", array.dtype, *array.offset, array.bytes);
  }
  require(end <= reader.offset(), "an array lies behind the last opcode");
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView whole = view(data, size);
  for (const Limits& limits : {roomy, tight}) {
    const Reading reading = read(whole, limits, std::max<std::size_t>(size, 1), Way::feeding);
    for (const Way way : {Way::feeding, Way::jumping}) {
      const Reading split = read(whole, limits, 1 + size % 11, way);
      require(reading.outcome == split.outcome, "the pieces change the outcome");
      require(reading.arrays == split.arrays, "the pieces change the arrays");
    }
  }
  return 0;
}
