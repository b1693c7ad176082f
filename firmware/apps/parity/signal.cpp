// Audio front ends: transforms of several lengths, also of fewer samples than these, windows,
// energies, filter banks with and without negative weights.
#include "compare.hpp"

namespace parity {

namespace {

constexpr Parameters samples{.output = {1, 0}, .element = Element::int16};
constexpr Parameters energies{.element = Element::uint32};

template <class Network, auto shape, const auto& params> void compare_with(const char* name) {
  constexpr auto shapes = graven::core::detail::input_shapes(shape);
  compare(name, SubjectOf<Network, shapes, params, scalar, plan::fastest>::value,
          SubjectOf<Network, shapes, params, native, plan::fastest>::value);
}

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

}  // namespace

void check() {
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
