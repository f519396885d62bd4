// Any bytes as a pickle to list: the listing neither crashes nor drives a terminal.
//
// What holds of every input: each line stands for one opcode; nothing but line feeds and printable
// characters is written; the listing of a front of the input is a front of the listing, whatever
// is behind it; small limits end a listing and change no line of it.
#include <algorithm>
#include <string>

#include "fuzz/fuzz.hpp"
#include "io/file.hpp"
#include "pickle/disassemble.hpp"
#include "pickle/literal.hpp"

using namespace brine;
using namespace brine::fuzz;
using namespace brine::pickle;

namespace {

constexpr Limits narrow{.max_opcodes = 100,
                        .max_memo_entries = 50,
                        .max_text_bytes = 512,
                        .max_stack_depth = 20,
                        .max_line_bytes = 64};
constexpr std::string_view last_line = "highest protocol";

struct Listed {
  std::string text;
  Listing listing;
};

Listed list(ByteView payload, const Limits& limits) {
  const io::MemoryFile file(payload);
  Text out;
  Listing listing = pickle::disassemble(file, 0, out, limits);
  return {std::move(out.text), std::move(listing)};
}

void check_lines(const Listed& listed) {
  const auto lines =
      static_cast<std::uint64_t>(std::count(listed.text.begin(), listed.text.end(), '\n'));
  const auto last =
      listed.text.size() < 2 ? listed.text.npos : listed.text.rfind('\n', listed.text.size() - 2);
  const bool stopped = std::string_view(listed.text).substr(last + 1).starts_with(last_line);
  require(lines == listed.listing.opcodes + (stopped ? 1 : 0), "lines are not opcodes");
  require(is_utf8(listed.text, Surrogates::refused), "the listing is no text");
  require(std::all_of(listed.text.begin(), listed.text.end(),
                      [](char c) {
                        const auto byte = static_cast<unsigned char>(c);
                        return c == '\n' || (byte >= 0x20 && byte != 0x7f);
                      }),
          "a control byte is written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView whole = view(data, size);
  const Listed all = list(whole, roomy);
  check_lines(all);
  require(all.listing.offset <= size, "the listing ends behind the payload");
  require(all.text.starts_with(list(whole, narrow).text), "limits change a line");
  for (const std::size_t cut : {size / 2, size - std::min<std::size_t>(size, 1)}) {
    const Listed front = list(whole.first(cut), roomy);
    check_lines(front);
    require(all.text.starts_with(front.text), "the listing of a front is no front");
  }
  return 0;
}
