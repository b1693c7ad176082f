// The instruction set of this target against the specification: many small networks on both, in one
// image. Every row of every layer must be the same, bit for bit.
#include "random_parameters.hpp"
#include "runtime.hpp"

#include <array>

namespace {

using namespace graven;
using parity::Style;

alignas(8) std::byte memory[48 * 1024];
int cases = 0, failures = 0;

constexpr int max_layers = 8;

// A hash of every layer's rows, of a run on pseudo-random or extreme input.
template <class Model> std::array<std::uint32_t, max_layers> run(int pattern) {
  static_assert(Model::arena_size <= sizeof memory && Model::layer_count <= max_layers);
  for (std::byte& b : memory) b = std::byte{0x5a};
  Model model(memory);
  std::uint32_t state = 88172645u + static_cast<std::uint32_t>(pattern);
  for (int i = 0; i < Model::input_count; ++i)
    for (std::byte& b : model.input_bytes(i)) {
      const std::uint32_t random = parity::next_random(state) >> 11;
      b = static_cast<std::byte>(pattern < 3 ? random : random & 1 ? 0x7f : 0x80);
    }
  std::array<std::uint32_t, max_layers> hashes{};
  model.run_with([&](const Step& step) {
    std::uint32_t& hash = hashes[static_cast<std::size_t>(step.layer)];
    for (int r = 0; r < step.rows; ++r)
      for (int i = 0; i < step.row_bytes; ++i)
        hash = (hash ^ static_cast<std::uint32_t>(step.data[r][i])) * 16777619u + 1;
  });
  // The outputs without a hook as well.
  for (int i = 0; i < Model::output_count; ++i)
    for (const std::byte b : model.output_bytes(i))
      hashes[0] = (hashes[0] ^ static_cast<std::uint32_t>(b)) * 16777619u + 1;
  return hashes;
}

template <class Network, auto input, Style style, plan::Policy policy = plan::fastest>
void compare(const char* name) {
  using Source = parity::Source<Network, graven::detail::input_shapes(input), style>;
  using Expected = ModelOn<Network, input, Source::params, scalar>;
  using Got = ModelOn<Network, input, Source::params, native, policy>;
  for (int pattern = 0; pattern < 4; ++pattern) {
    const auto expected = run<Expected>(pattern), got = run<Got>(pattern);
    ++cases;
    if (expected == got) continue;
    ++failures;
    std::size_t layer = 0;
    while (expected[layer] == got[layer]) ++layer;
    firmware::print_line("differs: ", name, ", layer ", layer, ", pattern ", pattern);
  }
}

inline constexpr Style trained{}, centred{.in_zero = 5, .out_zero = -9},
    full{.in_zero = 3, .out_zero = -128, .weights = 1}, extreme{.in_zero = -128, .weights = 2},
    left{.out_zero = 7, .weights = 3, .scale = 4.0f, .out_scale = 0.02f},
    tiny{.in_zero = -7, .out_zero = 100, .scale = 3e-9f},
    biased{.in_zero = 127, .scale = 1e-5f, .bias = 400'000'000},
    deep{.in_zero = 11, .scale = 1e-5f, .bias = 4'000'000},
    clamped{.out_zero = -60, .out_scale = 0.03f}, tied{.scale = 0.006f, .one_scale = true},
    tied_whole{.in_zero = 11, .out_zero = 20, .scale = 0.006f, .bias = 20'000, .one_scale = true};

// One shape under parameters of every kind.
template <class Network, auto input> void compare_all(const char* name) {
  compare<Network, input, trained>(name);
  compare<Network, input, centred>(name);
  compare<Network, input, full>(name);
  compare<Network, input, extreme>(name);
  compare<Network, input, left>(name);
  compare<Network, input, tiny>(name);
  compare<Network, input, biased>(name);
  compare<Network, input, deep>(name);
  compare<Network, input, clamped>(name);
}

template <int In, int Out, auto filter, auto stride = Stride(1), Padding padding = same,
          Activation activation = none, auto dilation = Dilation(1)>
using C = Conv2D<In, Out, filter, stride, padding, activation, dilation>;
template <int Channels, auto filter, auto stride = Stride(1), Padding padding = same,
          Activation activation = relu, auto dilation = Dilation(1), int multiplier = 1>
using D = DepthwiseConv2D<Channels, multiplier, filter, stride, padding, activation, dilation>;

constexpr Extent e1{1}, e2{2}, e3{3}, e5{5};

void convolutions() {
  compare_all<Sequential<C<4, 6, e3, e1, same, relu6>>, Shape{4, 7, 4}>("conv 3x3, 4 to 6");
  compare_all<Sequential<C<8, 3, e1>>, Shape{2, 5, 8}>("pointwise 8 to 3");
  compare_all<Sequential<C<3, 5, e3, e2>>, Shape{7, 8, 3}>("conv 3x3 stride 2, 3 to 5");
  compare<Sequential<C<1, 8, Extent(10, 4), e2>>, Shape{12, 10, 1}, trained>("conv 10x4");
  compare<Sequential<C<1, 8, Extent(10, 4), e2>>, Shape{12, 10, 1}, centred>("conv 10x4");
  constexpr Extent apart(2, 3);
  compare<Sequential<C<4, 4, e3, e1, same, relu, apart>>, Shape{9, 9, 4}, centred>("dilated");
  compare<Sequential<C<3, 2, e3, e1, same, relu, apart>>, Shape{9, 9, 3}, trained>("dilated");
  compare<Sequential<C<5, 1, e2, e1, valid>>, Shape{4, 5, 5}, centred>("one output channel");
  compare<Sequential<C<16, 2, e5, e1>>, Shape{3, 2, 16}, extreme>("two pixels");
  compare<Sequential<C<64, 4, e3>>, Shape{3, 4, 64}, extreme>("sums beyond 24 bits");
  compare<Sequential<C<4, 4, e1, e2, same>>, Shape{5, 11, 4}, full>("pointwise stride 2");
  compare<Sequential<C<7, 4, e1, Stride(1, 3), same>>, Shape{2, 13, 7}, full>("pointwise stride 3");
  compare<Sequential<C<4, 2, Extent(1, 7), e1>>, Shape{1, 3, 4}, centred>("wider than the row");
  compare<Sequential<D<1, e3, e2, same, relu6, e1, 8>>, Shape{6, 9, 1}, trained>("1 to 8 channels");
}

// 3x3 at stride 1 in bands of two rows, where an instruction set has such, and one row at a time.
template <int in, int out, Padding padding, int height, int width, class Isa = native>
void banded(const char* name) {
  using Network = Sequential<C<in, out, e3, e1, padding>>;
  constexpr Shape shape{height, width, in};
  compare_all<Network, shape>(name);
  compare<Network, shape, centred, plan::smallest>(name);
  if constexpr (requires { typename Isa::lean; }) {
    constexpr auto inputs = graven::detail::input_shapes(shape);
    constexpr GraphView graph =
        graph_of<Network, inputs, parity::Source<Network, inputs, centred>::params, true>.view();
    static_assert(Isa::band(graph, 1) == 2 && Isa::lean::band(graph, 1) == 1);
  }
}
void bands() {
  banded<8, 8, same, 4, 8>("bands, 8 to 8");
  banded<4, 12, valid, 7, 18>("bands, 4 to 12, an odd row");
  banded<12, 10, same, 5, 15>("bands, 12 to 10, an odd row and column");
  banded<20, 6, valid, 4, 9>("bands, 20 to 6");
  compare<Sequential<C<16, 4, e3>, C<4, 8, e3, e1, valid>>, Shape{6, 16, 16}, extreme>("bands");
  compare<Sequential<C<32, 2, e3>>, Shape{2, 8, 32}, full>("bands");
}

// Outputs of one scale.
template <int inputs, int outputs> void dense() {
  compare<Sequential<Dense<inputs, outputs>>, Shape{1, 1, inputs}, tied>("dense, one scale");
  compare<Sequential<Dense<inputs, outputs>>, Shape{1, 1, inputs}, tied_whole>("dense, one scale");
}

// Rows of any width, with odd numbers of channels, and patches of all sizes.
template <int... width> void tails() {
  (compare<Sequential<C<5, 3, e1>, C<3, 7, e3, e2>>, Shape{2, width, 5}, full>("tails"), ...);
}
void patches() {
  tails<1, 2, 3, 4, 5, 6, 7, 8, 11, 13>();
  compare<Sequential<C<31, 5, e3>>, Shape{3, 7, 31}, full>("279 taps");
  compare<Sequential<C<61, 3, e3>>, Shape{3, 5, 61}, trained>("549 taps");
}

// Tiles of every size, of windows and of points.
template <int... width> void tiles() {
  (compare<Sequential<C<4, 3, e1>>, Shape{2, width, 4}, trained>("points by width"), ...);
  (compare<Sequential<C<4, 2, e3, e2>>, Shape{5, 2 * width, 4}, centred>("windows by width"), ...);
  (compare<Sequential<C<3, 2, e2>>, Shape{2, width, 3}, centred>("patches by width"), ...);
}
void long_sums() {
  compare<Sequential<C<64, 4, e3>>, Shape{3, 5, 64}, trained>("sums that saturate");
  compare<Sequential<C<256, 2, e3>>, Shape{1, 3, 256}, centred>("windows of 2304");
  compare<Sequential<C<3, 3, e3>, Flatten, Dense<105, 5>>, Shape{5, 7, 3}, trained>("by rows");
}

void columns() {
  compare_all<Sequential<Dense<37, 11>>, Shape{1, 1, 37}>("dense 37 to 11");
  compare_all<Sequential<C<3, 6, Extent(3, 4), e1, valid>>, Shape{5, 4, 3}>("one column");
  compare<Sequential<Dense<1, 16, relu>, Dense<16, 1>>, Shape{1, 1, 1}, trained>("dense 1, 16, 1");
  compare<Sequential<Dense<600, 8>>, Shape{1, 1, 600}, extreme>("long dense");
  dense<37, 18>();
  dense<3, 5>();
  dense<70, 20>();
  dense<72, 13>();
  dense<196, 16>();
  dense<300, 17>();
  dense<16, 67>();
  compare<Sequential<Dense<1, 16, relu>, Dense<16, 1>>, Shape{1, 1, 1}, tied>("dense 1, 16, 1");
  compare<Sequential<C<4, 4, e3>>, Shape{6, 1, 4}, centred>("rows of one pixel");
  compare<Sequential<C<3, 4, e3>, Flatten, Dense<120, 9>>, Shape{5, 6, 3}, centred>("by rows");
  compare<Sequential<C<3, 5, e3>, Flatten, Dense<150, 6>>, Shape{5, 6, 3}, full>("by rows");
}

// From pixels, and behind a convolution.
template <int channels, int width, auto stride, Padding padding, int height = 5>
void depthwise(const char* name) {
  using Behind = Sequential<C<4, channels, e1, e1, same, relu>, D<channels, e3, stride, padding>>;
  compare<Behind, Shape{height, width, 4}, trained>(name);
  compare<Behind, Shape{height, width, 4}, full>(name);
  using Alone = Sequential<D<channels, e3, stride, padding>>;
  compare<Alone, Shape{height, width, channels}, centred>(name);
}
template <int... width> void widths() {
  (depthwise<6, width, e1, same>("depthwise, same"), ...);
  (depthwise<5, width + 2, e1, valid>("depthwise, valid"), ...);
  (depthwise<3, width, e2, same, 6>("depthwise, stride 2"), ...);
  (depthwise<4, width + 1, e2, valid>("depthwise, stride 2, valid"), ...);
}

void depthwises() {
  widths<2, 3, 4, 5, 6, 7, 8, 12, 13>();
  depthwise<6, 1, e1, same>("depthwise, one column");
  depthwise<3, 1, e2, same, 6>("depthwise, one column, stride 2");
  using Behind = Sequential<C<4, 6, e1, e1, same, relu>, D<6, e3>>;
  compare_all<Behind, Shape{4, 5, 4}>("depthwise behind a convolution");
  compare_all<Behind, Shape{1, 9, 4}>("depthwise on one row");
  compare_all<Sequential<D<7, e3>>, Shape{4, 6, 7}>("depthwise of 7 channels");
  compare<Sequential<D<8, e5, e2>>, Shape{7, 9, 8}, centred>("depthwise 5x5");
  compare<Sequential<D<6, Extent(1, 4)>>, Shape{2, 6, 6}, full>("depthwise 1x4");
  compare<Sequential<D<4, e3, e1, same, none, Extent(2, 3)>>, Shape{7, 8, 4}, centred>("dilated");
  compare<Sequential<D<3, e3, e1, same, relu, e1, 2>>, Shape{4, 5, 3}, centred>("multiplier 2");
  // Two readers of one planar value, and one that is also an output.
  using Two = Graph<Node<C<4, 4, e1, e1, same, relu>, 0>, Node<D<4, e3>, 1>, Node<D<4, e3, e2>, 1>,
                    Outputs<2, 3>>;
  compare<Two, Shape{5, 6, 4}, trained>("two readers");
  using Shown = Graph<Node<C<4, 4, e1, e1, same, relu>, 0>, Node<D<4, e3>, 1>, Outputs<1, 2>>;
  compare<Shown, Shape{5, 6, 4}, trained>("a planar output");
}

// Pointwise convolutions of few inputs, onto pixels and onto the planar rows of a depthwise one.
template <int inputs, int outputs, int width> void narrow() {
  using Point = C<inputs, outputs, e1, e1, same, relu>;
  compare<Sequential<Point>, Shape{2, width, inputs}, trained>("few inputs");
  compare<Sequential<Point>, Shape{2, width, inputs}, centred>("few inputs, any zero point");
  compare<Sequential<Point, D<outputs, e3>>, Shape{3, width, inputs}, full>("few inputs, planar");
}
void narrows() {
  narrow<1, 3, 8>();
  narrow<2, 4, 17>();
  narrow<3, 4, 9>();
  narrow<3, 5, 10>();
  narrow<4, 1, 24>();
  narrow<5, 2, 7>();
  narrow<6, 3, 9>();
  narrow<7, 2, 17>();
  narrow<8, 5, 16>();
  using Strided = Sequential<C<3, 4, e1, Stride(1, 2)>>;
  compare_all<Strided, Shape{1, 21, 3}>("few inputs, stride 2");
}

// Windows two elements apart.
void strips() {
  compare_all<Sequential<C<1, 6, Extent(3, 8), e2>>, Shape{5, 15, 1}>("strips of eight");
  compare<Sequential<C<2, 4, Extent(2, 5)>>, Shape{4, 9, 2}, centred>("strips of two channels");
  compare<Sequential<C<1, 2, Extent(5, 9), e2, valid>>, Shape{6, 13, 1}, full>("three pixels");
  compare<Sequential<D<1, Extent(10, 8), e2, same, relu, e1, 8>>, Shape{9, 8, 1}, trained>(
      "1 to 8");
  compare<Sequential<C<1, 2, Extent(1, 30), e2, valid>>, Shape{1, 40, 1}, trained>("long strips");
}

// Outputs that cannot share halfwords.
void plains() {
  compare_all<Sequential<C<12, 6, e1>>, Shape{2, 8, 12}>("twelve inputs");
  compare<Sequential<C<4, 4, e3, e1, same, relu>, D<4, e3>>, Shape{4, 7, 4}, extreme>("plain");
  compare<Sequential<C<32, 2, e3, e1, same>>, Shape{3, 5, 32}, extreme>("plain, in loops");
}

// Depthwise 3x3 on wide rows, from pixels and from planar rows.
template <int channels, int width, Padding padding> void wide() {
  using Alone = D<channels, e3, e1, padding>;
  using Behind = Sequential<C<4, channels, e1, e1, same, relu>, Alone>;
  compare<Sequential<Alone>, Shape{4, width, channels}, centred>("wide depthwise");
  compare<Sequential<Alone>, Shape{3, width, channels}, trained>("wide depthwise");
  compare<Behind, Shape{4, width, 4}, full>("wide depthwise, planar");
}
void wides() {
  wide<3, 6, same>();
  wide<5, 17, same>();
  wide<3, 20, same>();
  wide<2, 22, same>();
  wide<3, 19, valid>();
  wide<4, 23, valid>();
  compare_all<Sequential<D<3, e3>>, Shape{1, 18, 3}>("wide depthwise on one row");
}

// Pools and resizes between a convolution and a depthwise one.
template <class... Between> void chain(const char* name) {
  using Chain = Sequential<C<4, 6, e1, e1, same, relu>, Between..., D<6, e3>>;
  compare<Chain, Shape{6, 11, 4}, trained>(name);
  compare<Chain, Shape{7, 18, 4}, full>(name);
}
void chains() {
  chain<MaxPool<2>>("pooled by two");
  chain<MaxPool<Extent(3, 2), Stride(2, 2)>>("pooled, overlapping");
  chain<MaxPool<3, 2, same>>("pooled by three");
  chain<ResizeNearest<12, 22>>("doubled or not");
  chain<ResizeNearest<9, 36, false, true>>("doubled or not");
  chain<ResizeNearest<5, 7, true>>("shrunk");
  chain<MaxPool<2>, ResizeNearest<6, 10>>("pooled and doubled");
  using Two = Graph<Node<C<4, 4, e1, e1, same, relu>, 0>, Node<MaxPool<2>, 1>, Node<D<4, e3>, 2>,
                    Node<D<4, e3, e2>, 1>, Node<ResizeNearest<5, 8>, 1>, Outputs<3, 4, 5>>;
  compare<Two, Shape{6, 8, 4}, trained>("a pool, a resize and a depthwise one");
  using Shown = Graph<Node<C<4, 4, e1, e1, same, relu>, 0>, Node<MaxPool<2>, 1>, Node<D<4, e3>, 2>,
                      Outputs<2, 3>>;
  compare<Shown, Shape{6, 8, 4}, trained>("a pool that is an output");
}

void others() {
  using Sum =
      Graph<Node<C<4, 4, e1>, 0>, Node<Add, 0, 1>, Node<Add, 1, 0>, Node<Add, 2, 3>, Outputs<4>>;
  compare_all<Sum, Shape{3, 5, 4}>("add");
  using Operands = Graph<Node<Add, 0, 1>, Outputs<2>>;
  compare<Operands, shapes(Shape{3, 5, 3}, Shape{3, 5, 3}), centred>("add inputs");
  compare<Operands, shapes(Shape{3, 5, 3}, Shape{1, 1, 3}), centred>("add broadcast");
  compare_all<Sequential<MaxPool<3, 2, same>>, Shape{7, 8, 8}>("max pool 8");
  compare<Sequential<MaxPool<2>>, Shape{4, 6, 3}, centred>("max pool 3");
  compare<Sequential<AvgPool<5>>, Shape{5, 5, 8}, centred>("global average");
  compare<Sequential<AvgPool<Extent(16, 17)>>, Shape{16, 17, 4}, centred>("average of 272");
  compare<Sequential<AvgPool<3, 1, same>>, Shape{5, 5, 4}, centred>("average pool");
  compare<Sequential<GlobalAvgPool>, Shape{5, 5, 4}, centred>("mean");
  compare<Sequential<ResizeNearest<9, 7>, D<3, e3>>, Shape{4, 5, 3}, centred>("nearest");
  compare<Sequential<ResizeBilinear<9, 7>>, Shape{4, 5, 4}, centred>("bilinear");
}

}  // namespace

int main() {
  convolutions();
  bands();
  patches();
  tiles<1, 2, 3, 4, 5, 6, 7, 9>();
  long_sums();
  columns();
  depthwises();
  narrows();
  strips();
  plains();
  wides();
  chains();
  others();
  firmware::print_line(native::name, " against scalar: ", cases, " runs, ", failures, " differ");
  return failures == 0 ? 0 : 1;
}
