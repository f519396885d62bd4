// One line for each opcode, as python3 -m pickletools of Python 3.11 prints it.
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "io/file.hpp"
#include "pickle/disassemble.hpp"
#include "pickle/opcode.hpp"
#include "support/expect.hpp"

using namespace brine;
using namespace brine::pickle;

BOOST_AUTO_TEST_SUITE(listing_lines)

namespace {

using namespace std::string_view_literals;

struct Line {
  std::string_view opcode;  // with its argument
  std::string_view listed;  // behind the offset
};

// clang-format off
constexpr Line lines[] = {
    {"I5\n"sv, "I        INT        5"sv},
    {"J\376\377\377\377"sv, "J        BININT     -2"sv},
    {"K\005"sv, "K        BININT1    5"sv},
    {"M\005\001"sv, "M        BININT2    261"sv},
    {"L-12345678901234567890L\n"sv, "L        LONG       -12345678901234567890"sv},
    {"\212\011\000\000\000\000\000\000\000\000\200"sv,
     "\\x8a     LONG1      -2361183241434822606848"sv},
    {"\213\003\000\000\000@\342\001"sv, "\\x8b     LONG4      123456"sv},
    {"S'it\\'s'\n"sv, "S        STRING     \"it's\""sv},
    {"T\002\000\000\000\351'"sv, "T        BINSTRING  \"\303\251'\""sv},
    {"U\002\351\200"sv, "U        SHORT_BINSTRING '\303\251\\x80'"sv},
    {"B\002\000\000\000\351'"sv, "B        BINBYTES   b\"\\xe9'\""sv},
    {"C\002\011\""sv, "C        SHORT_BINBYTES b'\\t\"'"sv},
    {"\216\001\000\000\000\000\000\000\000x"sv, "\\x8e     BINBYTES8  b'x'"sv},
    {"\226\002\000\000\000\000\000\000\000'x"sv, "\\x96     BYTEARRAY8 bytearray(b\"\\'x\")"sv},
    {"\227"sv, "\\x97     NEXT_BUFFER"sv},
    {"\230"sv, "\\x98     READONLY_BUFFER"sv},
    {"N"sv, "N        NONE"sv},
    {"\210"sv, "\\x88     NEWTRUE"sv},
    {"\211"sv, "\\x89     NEWFALSE"sv},
    {"Vcaf\\u00e9\\u2028\n"sv, "V        UNICODE    'caf\303\251\\u2028'"sv},
    {"\214\002\303\251"sv, "\\x8c     SHORT_BINUNICODE '\303\251'"sv},
    {"X\004\000\000\000\360\237\230\200"sv, "X        BINUNICODE '\360\237\230\200'"sv},
    {"\215\003\000\000\000\000\000\000\000\355\240\200"sv, "\\x8d     BINUNICODE8 '\\ud800'"sv},
    {"F1e5\n"sv, "F        FLOAT      100000.0"sv},
    {"G?\271\231\231\231\231\231\232"sv, "G        BINFLOAT   0.1"sv},
    {"]"sv, "]        EMPTY_LIST"sv},
    {"a"sv, "a        APPEND"sv},
    {"e"sv, "e        APPENDS    (MARK at 6)"sv},
    {"l"sv, "l        LIST       (MARK at 6)"sv},
    {")"sv, ")        EMPTY_TUPLE"sv},
    {"t"sv, "t        TUPLE      (MARK at 6)"sv},
    {"\205"sv, "\\x85     TUPLE1"sv},
    {"\206"sv, "\\x86     TUPLE2"sv},
    {"\207"sv, "\\x87     TUPLE3"sv},
    {"}"sv, "}        EMPTY_DICT"sv},
    {"d"sv, "d        DICT       (MARK at 6)"sv},
    {"s"sv, "s        SETITEM"sv},
    {"u"sv, "u        SETITEMS   (MARK at 6)"sv},
    {"\217"sv, "\\x8f     EMPTY_SET"sv},
    {"\220"sv, "\\x90     ADDITEMS   (MARK at 6)"sv},
    {"\221"sv, "\\x91     FROZENSET  (MARK at 6)"sv},
    {"0"sv, "0        POP"sv},
    {"2"sv, "2        DUP"sv},
    {"("sv, "(        MARK"sv},
    {"1"sv, "1        POP_MARK   (MARK at 6)"sv},
    {"g5\n"sv, "g        GET        5"sv},
    {"h\005"sv, "h        BINGET     5"sv},
    {"j\005\000\000\000"sv, "j        LONG_BINGET 5"sv},
    {"p6\n"sv, "p        PUT        6"sv},
    {"q\006"sv, "q        BINPUT     6"sv},
    {"r\006\000\000\000"sv, "r        LONG_BINPUT 6"sv},
    {"\224"sv, "\\x94     MEMOIZE    (as 1)"sv},
    {"\202\005"sv, "\\x82     EXT1       5"sv},
    {"\203\005\001"sv, "\\x83     EXT2       261"sv},
    {"\204\376\377\377\377"sv, "\\x84     EXT4       -2"sv},
    {"ca.b\nC.d\n"sv, "c        GLOBAL     'a.b C.d'"sv},
    {"\223"sv, "\\x93     STACK_GLOBAL"sv},
    {"R"sv, "R        REDUCE"sv},
    {"b"sv, "b        BUILD"sv},
    {"ia.b\nC.d\n"sv, "i        INST       'a.b C.d' (MARK at 6)"sv},
    {"o"sv, "o        OBJ        (MARK at 6)"sv},
    {"\201"sv, "\\x81     NEWOBJ"sv},
    {"\222"sv, "\\x92     NEWOBJ_EX"sv},
    {"\200\005"sv, "\\x80     PROTO      5"sv},
    {"."sv, ".        STOP"sv},
    {"\225\005\000\000\000\000\000\000\001"sv, "\\x95     FRAME      72057594037927941"sv},
    {"Pid\\t7\n"sv, "P        PERSID     'id\\t7'"sv},
    {"Q"sv, "Q        BINPERSID"sv},
};
// clang-format on

struct Text final : Sink {
  std::string text;
  void write(ByteView bytes) override { text += text_of(bytes); }
};

// Three values, one in the memo, a mark, three values.
constexpr std::string_view front = "NNNp5\n(NNN";

}  // namespace

BOOST_AUTO_TEST_CASE(every_opcode_is_listed_as_pickletools_lists_it) {
  for (const Line& line : lines) {
    const std::string payload = std::string(front) + std::string(line.opcode);
    const io::MemoryFile file(bytes_of(payload));
    Text out;
    pickle::disassemble(file, 0, out, {});
    const auto at = out.text.find("   10: ");
    BOOST_TEST_REQUIRE(at != std::string::npos, line.listed);
    const std::string rest = out.text.substr(at + 7);
    BOOST_TEST(rest.substr(0, rest.find('\n')) == line.listed);
  }
}

BOOST_AUTO_TEST_CASE(no_opcode_is_missing) {
  for (const Opcode& code : opcodes) {
    if (code.name.empty()) continue;
    const bool found = std::any_of(std::begin(lines), std::end(lines), [&](const Line& line) {
      return static_cast<std::uint8_t>(line.opcode[0]) == static_cast<std::uint8_t>(code.op);
    });
    BOOST_TEST(found, code.name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
