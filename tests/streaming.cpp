// Streams as users meet them.
#include "streams.hpp"

using namespace test;

namespace {

using Chained = Case<Sequential<Conv2D<2, 4, 3>, ReLU, Conv2D<4, 3, Extent{3, 1}>, Flatten,
                                Dense<6 * 4 * 3, 5>, Softmax>,
                     Shape{10, 6, 2}>;
// 4 rows per push, and rows at the end of the window that nobody reads.
using Strided =
    Case<Sequential<Conv2D<1, 4, Extent{5, 3}, Extent{2, 1}>, DepthwiseConv2D<4, 1, 3>, ReLU6,
                    MaxPool<Extent{2, 1}>, Conv2D<4, 6, 1>, Sigmoid, GlobalAvgPool, Dense<6, 3>>,
         Shape{24, 7, 1}>;
using AlongTime =
    Case<Sequential<Conv2D<1, 3, Extent{4, 1}, Extent{3, 1}>, AvgPool<Extent{2, 1}, 1>>,
         Shape{23, 2, 1}>;  // the output slides, too
using Joined =
    Case<Sequential<Conv2D<2, 4, Extent{3, 1}>, Residual<Sequential<Conv2D<4, 4, 1>, ReLU>>,
                    Residual<DepthwiseConv2D<4, 1, Extent{1, 3}, 1, same>>,
                    Residual<Conv2D<4, 6, Extent{3, 1}, Extent{2, 1}>,
                             Conv2D<4, 6, Extent{2, 1}, Extent{2, 1}>>,
                    Concat<Identity, Conv2D<6, 2, 1>>, Mean<Axis::height>>,
         Shape{13, 4, 2}>;
using Dilations = Case<
    Sequential<Conv2D<1, 3, Extent{2, 1}, 1, valid, relu, Extent{4, 1}>,
               Conv2D<3, 3, Extent{3, 1}, 1, valid, none, Extent{2, 1}>, MaxPool<Extent{6, 2}>>,
    Shape{14, 2, 1}>;
using HeadOnly = Case<Sequential<Flatten, Dense<9 * 3 * 2, 4>>, Shape{9, 3, 2}>;
using Frames = Case<Sequential<Mean<Axis::width>, Sigmoid>, Shape{3, 5, 2}>;  // nothing overlaps
using Outs = Case<Graph<Node<Conv2D<1, 2, 3>, 0>, Node<Conv2D<2, 2, Extent{2, 1}>, 1>,
                        Node<GlobalAvgPool, 1>, Node<ArgMax<Axis::height>, 2>, Outputs<2, 1, 3, 4>>,
                  Shape{8, 4, 1}>;
using Regrouped = Case<
    Sequential<Conv2D<1, 2, Extent{3, 1}>, Reshape<Shape{3, 8, 2}>, Conv2D<2, 2, Extent{2, 1}>>,
    Shape{8, 4, 1}>;
// 300 rows per push, more than have places of their own; of `Gaps` the first 50 are not read.
using Audio = Case<Sequential<Conv2D<1, 4, Extent{600, 1}, Extent{300, 1}>,
                              Conv2D<4, 2, Extent{2, 1}>, GlobalAvgPool>,
                   Shape{1500, 1, 1}>;
using Gaps = Case<Sequential<Conv2D<1, 2, Extent{100, 1}, Extent{300, 1}>,
                             Conv2D<2, 2, Extent{2, 1}>, GlobalAvgPool>,
                  Shape{1450, 1, 1}>;

constexpr StreamPolicy by_twos{.hop = 2}, by_eights{.hop = 8};
constexpr StreamPolicy in_layers{.plan = {.order = plan::Order::layers}};

}  // namespace

TEST_CASE("chains") {
  check_streams<Chained>();
  check_streams<Strided>();
  check_streams<AlongTime>();
  check_streams<Dilations>();
}
TEST_CASE("joints, heads, several outputs") {
  check_streams<Joined>();
  check_streams<HeadOnly>();
  check_streams<Frames>();
  check_streams<Outs>();
  check_streams<Regrouped>();
}
TEST_CASE("several rows per push") {
  check_streams<Chained, by_twos>();
  check_streams<Strided, by_eights>();
  check_streams<HeadOnly, by_eights>();
  check_streams<Outs, by_eights>();
  check_streams<Joined, by_eights>();
}
TEST_CASE("samples of audio") {
  check_stream<Audio, Element::int8, 3, StreamPolicy{}>();
  check_stream<Gaps, Element::int8, 3, StreamPolicy{}>();
}
TEST_CASE("layer by layer") {
  check_streams<Strided, in_layers>();
  check_streams<Joined, in_layers>();
}
// ---- state ------------------------------------------------------------------------------------

namespace {

using Plain = Source<Strided, Element::int8, 4>::Plain;
using Stream = Source<Strided, Element::int8, 4>::Stream<StreamPolicy{}>;
constexpr int row = 7, push_bytes = Stream::hop * row;

// Four rows of input per push; the convolution's rows are two, the depthwise ones two, pooled one.
static_assert(Stream::hop == 4 && Stream::pushes_to_fill == 6);
static_assert(Stream::input_shape() == Shape{4, 7, 1} && Stream::window_shape() == Shape{24, 7, 1});
// Kept: of the input 3 rows of 7 bytes, of the convolution 2 of 20, of the trunk 3 of 18.
static_assert(Stream::state_size == 3 * 8 + 2 * 20 + 3 * 20 + 4 + 8);
static_assert(Stream::arena_size < Plain::arena_size);
static_assert(Stream::macs < Plain::macs / 3 && Stream::weight_size == Plain::weight_size);
static_assert(sizeof(Stream) == Stream::state_size + (Stream::arena_size + 7) / 8 * 8);

constinit Stream global;  // constant initialization: nothing runs before main
constinit Stream::State waiting;

}  // namespace

TEST_CASE("after reset() a stream is as new") {
  const Bytes input = noise<Stream>(12 * Stream::hop, 8);
  std::vector<Bytes> first;
  for (int pass = 0; pass < 2; ++pass) {
    for (int push = 0; push < 12; ++push) {
      global.push_bytes(input.data() + push * push_bytes);
      if (pass == 0)
        first.push_back(outputs(global));
      else
        CHECK(outputs(global) == first[static_cast<std::size_t>(push)]);
    }
    global.reset();
    CHECK_FALSE(global.is_full());
  }
  CHECK(first[0] != first[11]);
}

TEST_CASE("two streams and a model share their scratch memory") {
  using Shared = SharedArena<Stream, Plain>;
  static Shared arena;
  static_assert(Shared::size == Plain::arena_size);
  Stream::State other;
  const Bytes one = noise<Stream>(9 * Stream::hop, 1), two = noise<Stream>(9 * Stream::hop, 2);
  for (int push = 1; push <= 9; ++push) {
    auto left = arena.use<Stream>(waiting);
    left.push_bytes(one.data() + (push - 1) * push_bytes);
    const Bytes of_left = outputs(left);
    auto right = arena.use<Stream>(other);
    right.push_bytes(two.data() + (push - 1) * push_bytes);
    const Bytes of_right = outputs(right);
    if (push < Stream::pushes_to_fill) continue;
    const int last = push * push_bytes - 24 * row;
    auto model = arena.use<Plain>();
    std::memcpy(model.input_bytes(0).data(), one.data() + last, 24 * row);
    model.run_in_place();
    CHECK(outputs_of(model) == of_left);
    CHECK(plain_outputs<Plain>(two.data() + last) == of_right);
  }
}

TEST_CASE("push takes a span and gives one") {
  static Stream stream;
  std::array<std::int8_t, push_bytes> rows{};
  rows[5] = 44;
  const auto output = stream.push(rows);
  static_assert(std::is_same_v<decltype(output), const std::span<const std::int8_t, 3>>);
  CHECK(static_cast<const void*>(output.data()) == stream.output_bytes().data());
}

TEST_CASE("what the compiler computes is what runs") {
  static constexpr auto rows = [] {
    std::array<std::byte, 7 * push_bytes> bytes{};
    std::uint32_t seed = 3;
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(next_random(seed) >> 11);
    return bytes;
  }();
  static constexpr auto constant = [] {
    Stream::Twin stream;
    for (int push = 0; push < 7; ++push) stream.push_bytes(rows.data() + push * push_bytes);
    std::array<std::byte, 3> output{};
    for (std::size_t i = 0; i < 3; ++i) output[i] = stream.output_bytes()[i];
    return output;
  }();
  CHECK(plain_outputs<Plain>(rows.data() + 4 * row) == Bytes(constant.begin(), constant.end()));
}

// The instruction set of the compiler's flags beside scalar.
TEST_CASE("streams of the native instruction set") {
  using Native = Source<Strided, Element::int8, 4>::Stream<StreamPolicy{}, native>;
  static Native fast;
  static Stream slow;
  const Bytes input = noise<Stream>(9 * Stream::hop, 5);
  for (int push = 0; push < 9; ++push) {
    fast.push_bytes(input.data() + push * push_bytes);
    slow.push_bytes(input.data() + push * push_bytes);
    CHECK(outputs(fast) == outputs(slow));
  }
}

// ---- padding before the first push only -------------------------------------------------------

namespace {

// A trunk with `same` padding over 20 rows, and over a long recording: far from the recording's
// edges their rows are one and the same sequence.
using Trunk = Sequential<Conv2D<1, 4, Extent{5, 3}, Extent{2, 1}, same, relu>,
                         Residual<DepthwiseConv2D<4, 1, 3, 1, same>>,
                         MaxPool<3, Extent{2, 1}, same>, Conv2D<4, 3, 3, 1, same>>;
using TrunkOfWindow = Case<Trunk, Shape{20, 4, 1}>;
using TrunkOfRecording = Case<Trunk, Shape{120, 4, 1}>;
constexpr StreamPolicy at_reset{.padding = TimePadding::at_reset};

}  // namespace

TEST_CASE("padding at reset: the rows of an endless recording") {
  using Trunks = Source<TrunkOfWindow, Element::int8, 6>::Stream<at_reset>;
  using Long = Source<TrunkOfRecording, Element::int8, 6>::Plain;
  static_assert(Trunks::hop == 4 && Trunks::output_shape() == Shape{5, 4, 3});
  const Bytes recording = noise<Trunks>(120, 9);
  const Bytes all = plain_outputs<Long>(recording.data());  // 30 rows of 12
  static Trunks stream;
  int matched = 0, at = -1;
  for (int push = 1; push <= 28; ++push) {
    stream.push_bytes(recording.data() + (push - 1) * 16);
    const Bytes rows = outputs(stream);
    if (!stream.is_full()) continue;
    for (int r = 0; r + 5 <= 30; ++r)
      if (std::equal(rows.begin(), rows.end(), all.begin() + 12 * r)) {
        if (at >= 0) CHECK(r == at + 1);  // one row further with every push
        at = r;
        ++matched;
      }
  }
  CHECK(matched == 28 - Trunks::pushes_to_fill + 1);
}
