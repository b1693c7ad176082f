// Audio front ends: transforms of several lengths, also of fewer samples than these, windows,
// energies, filter banks with and without negative weights.
#include "compare.hpp"

namespace parity {

namespace {

constexpr Parameters samples{.output = {1, 0}, .element = Element::int16};
constexpr Parameters energies{.element = Element::uint32};

constexpr Parameters plain[]{samples, {}};
template <int length, int given> void transform() {
  compare_with<Sequential<RealFft<length>>, Shape{1, 2, given}, plain>("transform of int16");
}

template <int count> struct Window {
  static constexpr auto values = [] {
    std::array<std::int16_t, static_cast<std::size_t>(count)> all{};
    for (int i = 0; i < count; ++i)
      all[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(i % 3 == 2 ? -4096 : 41 * i);
    return all;
  }();
  static constexpr Constant constants[]{{"window", values}};
  static constexpr Parameters params[]{samples, {.constants = constants}};
};
template <int count, int shift> void window() {
  compare_with<Sequential<WindowFunction<shift>>, Shape{1, 1, count}, Window<count>::params>(
      "window");
}

template <std::int16_t last> struct Bank {
  static constexpr std::int16_t weights[]{4096, 2000, 10, last}, unweights[]{0, 2096, 4086, 7},
      frequencies[]{0, 1, 3}, starts[]{0, 1, 2}, widths[]{1, 1, 2};
  static constexpr Constant constants[]{{"weights", weights},
                                        {"unweights", unweights},
                                        {"frequencies", frequencies},
                                        {"starts", starts},
                                        {"widths", widths}};
  static constexpr Parameters params[]{energies, {.constants = constants}};
};

// Roots around squares, at the ends of 32 and 64 bits, and of any size.
constexpr Parameters sums[]{{.element = Element::uint64}, samples, {}, {}};
void roots() {
  using Root = Graph<Node<FftAutoScale, 1>, Node<FilterBankSquareRoot, 0, Out<2, 1>>, Outputs<3>>;
  constexpr auto inputs = std::to_array<Shape>({{1, 1, 200}, {1, 1, 31}});
  compare_with<Root, inputs, sums>("root");
#if defined(__ARM_FP) && (__ARM_FP & 4)
  using graven::core::scalar_isa::signal::square_root;
  bool equal = true;
  const auto check = [&](std::uint64_t x) {
    equal = equal && graven::core::fpu_isa::square_root(x) == square_root(x);
  };
  for (int bits = 0; bits < 64; ++bits)
    for (std::uint64_t i = 0; i < 40; ++i) {
      const std::uint64_t x = (std::uint64_t{1} << bits) + i * (0x9e3779b97f4a7c15 >> (63 - bits));
      const std::uint64_t root = square_root(x), square = root * root;
      for (std::uint64_t near : {x, square, square + root, square + root + 1, square + 2 * root})
        for (std::uint64_t off = 0; off < 3; ++off) check(near + off - 1);
    }
  for (std::uint64_t i = 0; i < 3; ++i) check(i), check(~i), check(0xffffffff - i);
  expect("root of the FPU", equal);
#endif
}

}  // namespace

void check() {
  roots();
  transform<8, 8>();
  transform<16, 13>();
  transform<64, 40>();
  transform<128, 128>();
  transform<512, 480>();
  window<31, 12>();
  window<480, 9>();
  using Scaled = Graph<Node<FftAutoScale, 0>, Outputs<Out<1, 0>, Out<1, 1>>>;
  compare_with<Scaled, Shape{1, 1, 31}, plain>("scale");
  compare_with<Scaled, Shape{1, 1, 64}, plain>("scale");
  compare_with<Sequential<Energy<2, 7>>, Shape{1, 1, 18}, plain>("energy");
  compare_with<Sequential<Energy<0, 9>>, Shape{1, 1, 18}, plain>("energy of all");
  compare_with<Sequential<FilterBank<2, 4>>, Shape{1, 1, 5}, Bank<4089>::params>("bank");
  compare_with<Sequential<FilterBank<2, 4>>, Shape{1, 1, 5}, Bank<-4089>::params>(
      "bank of negative weights");
}

}  // namespace parity
