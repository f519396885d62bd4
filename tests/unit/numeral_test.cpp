#include "pickle/numeral.hpp"

#include <string>

#include "support/expect.hpp"

using namespace brine;
using namespace brine::pickle;
using namespace std::string_literals;

namespace {

struct Row {
  Op op;
  std::string line;
  Spelling spelling;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(numeral)

// As the C unpickler of CPython 3.11 answers; test_literals.py asks it many more.
BOOST_AUTO_TEST_CASE(lines_are_plain_disputed_or_refused) {
  using enum Spelling;
  const Row rows[] = {
      {Op::int_, "0", plain},
      {Op::int_, "-17", plain},
      {Op::int_, "00", plain},
      {Op::int_, std::string(4300, '9'), plain},
      {Op::int_, std::string(4301, '9'), refused},
      {Op::int_, "017", disputed},
      {Op::int_, "018", refused},
      {Op::int_, "0x1F", disputed},
      {Op::int_, "0b11", disputed},
      {Op::int_, "0o17", disputed},
      {Op::int_, "0x_1f", disputed},
      {Op::int_, "0x__1f", refused},
      {Op::int_, "1_000", disputed},
      {Op::int_, "_1", refused},
      {Op::int_, " 12", disputed},
      {Op::int_, "12\r", disputed},
      {Op::int_, "-0", disputed},
      {Op::int_, "1\0zz"s, disputed},
      {Op::int_, "\0"s, disputed},
      {Op::int_, "", refused},
      {Op::int_, "0777777777777777777777", disputed},
      {Op::int_, "01777777777777777777777", refused},
      {Op::long_, "12", plain},
      {Op::long_, "-12L", plain},
      {Op::long_, "12l", refused},
      {Op::long_, "0x10L", disputed},
      {Op::long_, "00L", disputed},
      {Op::long_, "017L", refused},
      {Op::long_, "0x" + std::string(5000, 'f'), disputed},
      {Op::long_, "\0L"s, refused},
      {Op::float_, "1.5", plain},
      {Op::float_, "-nan", plain},
      {Op::float_, "1e-400", plain},
      {Op::float_, "+1.5", disputed},
      {Op::float_, "Infinity", disputed},
      {Op::float_, "1.5\0zz"s, disputed},
      {Op::float_, "1e400", refused},
      {Op::float_, "1_0.5", refused},
      {Op::float_, " 1.5", refused},
      {Op::float_, "\0"s, refused},
      {Op::get, "7", plain},
      {Op::get, "07", disputed},
      {Op::put, " +7_0\r", disputed},
      {Op::put, "-0", disputed},
      {Op::put, "-1", refused},
      {Op::put, "0x1", refused},
      {Op::put, "9223372036854775807", plain},
      {Op::put, "9223372036854775808", refused},
      {Op::persid, "017", plain},
      {Op::binint1, "\x01", plain},
  };
  for (const Row& row : rows) BOOST_TEST((spelling_of(row.op, row.line) == row.spelling), row.line);
}

// At the edges between the numbers that are told at a glance and those that are not.
BOOST_AUTO_TEST_CASE(short_numbers_are_judged_as_long_ones_are) {
  using enum Spelling;
  const Row rows[] = {
      {Op::int_, "999999999999999999", plain},
      {Op::int_, "1999999999999999999", plain},
      {Op::int_, "-999999999999999999", plain},
      {Op::int_, "-", refused},
      {Op::int_, "--1", refused},
      {Op::int_, "+1", disputed},
      {Op::int_, "01", plain},
      {Op::int_, "-01", disputed},
      {Op::int_, "1L", refused},
      {Op::int_, "1.0", refused},
      {Op::int_, "12a", refused},
      {Op::int_, "\xb2", refused},
      {Op::long_, "0L", plain},
      {Op::long_, "-0L", disputed},
      {Op::long_, "L", refused},
      {Op::long_, "-L", refused},
      {Op::long_, "1LL", refused},
      {Op::float_, "0", plain},
      {Op::float_, "-0", plain},
      {Op::float_, "-0.0", plain},
      {Op::float_, "00.50", plain},
      {Op::float_, "1.", plain},
      {Op::float_, ".5", plain},
      {Op::float_, ".", refused},
      {Op::float_, "-", refused},
      {Op::float_, "-.", refused},
      {Op::float_, "1e5", plain},
      {Op::float_, "1E5", plain},
      {Op::float_, "1.e-99", plain},
      {Op::float_, "1e+99", plain},
      {Op::float_, "1e", refused},
      {Op::float_, "1e+", refused},
      {Op::float_, "1e--5", refused},
      {Op::float_, "1e100", plain},
      {Op::float_, "1e308", plain},
      {Op::float_, "1e309", refused},
      {Op::float_, "1.5.5", refused},
      {Op::float_, "1e5.5", refused},
      {Op::float_, "--1", refused},
      {Op::float_, "-+1", refused},
      {Op::float_, "+1", disputed},
      {Op::float_, "1 ", refused},
      {Op::float_, "", refused},
      {Op::float_, std::string(39, '9') + ".", plain},
      {Op::float_, std::string(36, '9') + "e+99", plain},
      {Op::float_, std::string(400, '9'), refused},
      {Op::get, "0", plain},
      {Op::get, "-1", refused},
      {Op::get, "1L", refused},
      {Op::get, "", refused},
      {Op::put, "999999999999999999", plain},
      {Op::put, "1000000000000000000", plain},
  };
  for (const Row& row : rows) BOOST_TEST((spelling_of(row.op, row.line) == row.spelling), row.line);
}

BOOST_AUTO_TEST_CASE(indexes_are_read_in_base_10) {
  BOOST_TEST(read_index("0").value() == 0);
  BOOST_TEST(read_index("999999999999999999").value() == 999999999999999999);
  BOOST_TEST(!read_index(""));
  BOOST_TEST(read_index("017").value() == 17);
  BOOST_TEST(read_index(" +1_0\r").value() == 10);
  BOOST_TEST(read_index("5\0junk"s).value() == 5);
  BOOST_TEST(!read_index("0b1"));
}

BOOST_AUTO_TEST_SUITE_END()
