// Any bytes as a checkpoint file: its scan and its list of tensors end with an answer or an Error.
//
// What holds of every input: a tensor with an offset lies within the file; what is listed twice is
// listed alike; no verdict is `safe` on what is not whole.
#include <fmt/format.h>

#include <cstdlib>

#include "brine/error.hpp"
#include "brine/pickle.hpp"
#include "io/file.hpp"
#include "store/inventory.hpp"

using namespace brine;

namespace {

constexpr Limits tight{.max_memo_entries = 2000, .max_text_bytes = 1 << 16, .max_nodes = 500,
                       .max_stack_depth = 200, .max_name_bytes = 300, .max_line_bytes = 300,
                       .max_symbols = 20, .max_pickles = 10, .max_decoder_bytes = 16 << 20,
                       .max_zip_members = 20};

void require(bool holds, std::string_view what) {
  if (holds) return;
  fmt::print(stderr, "{}\n", what);
  std::abort();
}

// What came of listing, as one text.
std::string listed(const RandomSource& file, const Limits& limits) {
  std::string all;
  try {
    for (const TensorInfo& each : store::list_tensors(file, limits)) {
      const bool lies_within = !each.offset || (*each.offset <= file.size() &&
                                                each.bytes <= file.size() - *each.offset);
      require(lies_within, "a tensor reaches over the end of the file");
      all += fmt::format("{} {} {}\n", each.path, each.dtype, each.bytes);
    }
  } catch (const Error& error) {
    require(error.code() != Errc::internal, error.what());
    all += error.what();
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView whole = std::as_bytes(std::span(data, size));
  const io::MemoryFile file(whole);
  for (const Limits& limits : {Limits{}, tight}) {
    require(listed(file, limits) == listed(file, limits), "two lists of one file differ");
    try {
      const ScanReport report = scan_payload(file, {}, limits);
      require(report.complete || report.verdict != Verdict::safe, "half a file is safe");
    } catch (const Error& error) {
      require(error.code() != Errc::internal, error.what());
    }
  }
  return 0;
}
