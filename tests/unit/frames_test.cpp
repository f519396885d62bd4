// Where frames begin and end, and what stands between them.
#include "pickle/frames.hpp"

#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

namespace {

struct Kept final : Sink {
  void write(ByteView bytes) override {
    text += text_of(bytes);
    largest = std::max(largest, bytes.size());
  }
  std::string text;
  std::size_t largest = 0;
};

template <typename Body>
std::string written(int protocol, Body body) {
  Kept kept;
  FrameWriter out(kept, protocol);
  body(out);
  out.finish();
  return kept.text;
}

void ones(FrameWriter& out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    out.boundary();
    out.op(Op::binint1, 1, 1);
  }
}

Stream ones(std::size_t count) {
  Stream stream;
  for (std::size_t i = 0; i < count; ++i) stream.one();
  return stream;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(frames)

BOOST_AUTO_TEST_CASE(protocols_before_4_have_none) {
  for (const int protocol : {2, 3}) {
    BOOST_TEST(written(protocol, [](FrameWriter& out) { ones(out, 50'000); }) ==
               Stream().proto(protocol).raw(ones(50'000).str()).str());
  }
}

BOOST_AUTO_TEST_CASE(a_frame_ends_at_the_first_boundary_over_64_kib) {
  struct Vector {
    std::size_t count;
    std::vector<std::size_t> frames;  // how many ones are in each
  };
  const Vector vectors[] = {
      {2, {2}},
      {32'767, {32'767}},
      {32'768, {32'768}},
      {32'770, {32'768, 2}},
      {70'000, {32'768, 32'768, 4'464}},
  };
  for (const auto& [count, counts] : vectors) {
    Stream expected = Stream().proto(4);
    for (const std::size_t each : counts) expected.frame(ones(each));
    BOOST_TEST((written(4, [&, n = count](FrameWriter& out) { ones(out, n); }) == expected.str()));
  }
}

BOOST_AUTO_TEST_CASE(less_than_4_bytes_are_no_frame) {
  BOOST_TEST(written(5, [](FrameWriter&) {}) == Stream().proto(5).str());
  BOOST_TEST(written(5, [](FrameWriter& out) { ones(out, 1); }) == Stream().proto(5).one().str());
  BOOST_TEST(written(5, [](FrameWriter& out) { ones(out, 2); }) ==
             Stream().proto(5).frame(ones(2)).str());
}

BOOST_AUTO_TEST_CASE(a_large_buffer_stands_between_frames) {
  const std::string large(FrameWriter::frame_bytes, 'x');
  const std::string small(FrameWriter::frame_bytes - 1, 'x');
  const auto with = [](const std::string& content) {
    return written(4, [&](FrameWriter& out) {
      ones(out, 2);
      out.counted(Op::binbytes, bytes_of(content), 4);
      ones(out, 3);
    });
  };
  BOOST_TEST((with(large) ==
              Stream().proto(4).frame(ones(2)).op(Op::binbytes, large, 4).frame(ones(3)).str()));
  // A small one is in the frame, which is over 64 KiB then and ends behind it.
  BOOST_TEST((with(small) ==
              Stream().proto(4).frame(ones(2).op(Op::binbytes, small, 4)).frame(ones(3)).str()));
}

BOOST_AUTO_TEST_CASE(a_frame_of_less_than_4_bytes_before_a_buffer_has_no_header) {
  const std::string large(FrameWriter::frame_bytes, 'x');
  BOOST_TEST((written(4, [&](FrameWriter& out) {
                ones(out, 1);
                out.counted(Op::binbytes, bytes_of(large), 4);
              }) == Stream().proto(4).one().op(Op::binbytes, large, 4).str()));
}

BOOST_AUTO_TEST_CASE(no_more_than_a_frame_is_held_back) {
  Kept kept;
  FrameWriter out(kept, 4);
  ones(out, 1'000'000);
  BOOST_TEST(kept.largest < FrameWriter::frame_bytes + 64);
  BOOST_TEST(kept.text.size() > 1'900'000U);
  out.finish();
  BOOST_TEST(kept.text.size() > 2'000'000U);
}

BOOST_AUTO_TEST_CASE(what_the_caller_writes_beside_keeps_its_place) {
  Kept kept;
  FrameWriter out(kept, 2);
  ones(out, 1);
  Sink& beside = out.counted_beside(Op::binunicode, 3, 4);
  beside.write(bytes_of("abc"));
  ones(out, 1);
  out.finish();
  BOOST_TEST(kept.text == Stream().proto(2).one().long_text("abc").one().str());
}

BOOST_AUTO_TEST_SUITE_END()
