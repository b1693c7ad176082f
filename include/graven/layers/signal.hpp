// The audio front end of TensorFlow Lite Micro, in the integers of its signal library:
//
//   WindowFunction<shift>       samples times a window (constant `window`), int16
//   FftAutoScale                samples shifted up as far as they fit, and by how many bits
//   RealFft<length>             length / 2 + 1 complex numbers; shorter frames end in zeros. Of
//                               int16, int32 or float32
//   InverseRealFft<length>      the samples of such a spectrum, of float32 divided by length
//   OverlapAdd<step>            frames, each `step` samples behind the one before and added to what
//                               that has left, which lasts from run to run: int16, saturated, or
//                               float32. The record's `state` is one 0 of that element
//   Energy<first, last>         re^2 + im^2 as uint32, 0 outside of [first, last)
//   FilterBank<channels, n>     triangles over the energies, uint64: constants `weights` and
//                               `unweights` (n each), `frequencies`, `starts` and `widths`
//                               (channels + 1 each)
//   FilterBankSquareRoot        of the sums, shifted down by the bits of FftAutoScale: uint32
//   SpectralSubtraction<...>    less the noise, whose estimate lasts from run to run: the signal,
//                               and the estimate
//   Pcan<shift>                 per channel automatic gain control by the noise estimate (constant
//                               `gains`, 125)
//   FilterBankLog<scale, bits>  natural logarithms as int16
//
// Its custom operators SignalWindow, SignalRfft, ... A frame is the channels of one pixel. int16
// without a scale has the scale 1.
#pragma once

#include "graven/graph/network.hpp"

#include <array>

namespace graven::core {

namespace op {
inline constexpr Op window_function{"window_function"}, fft_shift{"fft_shift"};
inline constexpr Op fft_scale{"fft_scale"}, real_fft{"real_fft"}, energy{"energy"};
inline constexpr Op inverse_real_fft{"inverse_real_fft"}, overlap_add{"overlap_add"};
inline constexpr Op filter_bank{"filter_bank"}, bank_root{"filter_bank_square_root"};
inline constexpr Op noise_estimate{"noise_estimate"}, less_noise{"spectral_subtraction"};
inline constexpr Op pcan{"pcan"}, bank_log{"filter_bank_log"};
}  // namespace op

// The numbers of SpectralSubtraction; fractions have `bits` bits, the estimate smoothing_bits more
// than the signal. Channels take the two pairs of factors in turn.
struct NoiseOptions {
  int smoothing = 0, one_minus_smoothing = 0;
  int alternate_smoothing = 0, alternate_one_minus_smoothing = 0;
  int min_signal_remaining = 0, smoothing_bits = 0, bits = 0, clamping = 0;
};
struct SignalOptions {
  int a = 0, b = 0;
};

namespace detail {

// A layer's value of some elements, of which integers of 16 bits have the scale 1.
template <class Lowering>
constexpr Value signal_value(Lowering& l, const Op& op, int layer, Shape shape, View input,
                             Element element) {
  Value v = l.begin(op, layer, shape, input);
  v.element = element;
  v.quant = element == Element::int16 ? Quant{1, 0} : Quant{};
  return v;
}

constexpr bool is_fft(int length) { return length >= 4 && (length & (length - 1)) == 0; }

// A value of the input's samples.
template <class Lowering>
constexpr View lower_samples(Lowering& l, const Op& op, int layer, Shape shape, View input) {
  input = l.with_rows(input, layer);
  const Element element = l.graph.values[input.value].element;
  return l.add(signal_value(l, op, layer, shape, input, element), input);
}

// All of a view's elements as one row.
template <class Lowering> constexpr View as_row(Lowering& l, View input, int layer) {
  return l.with_rows({input.value, {1, 1, input.shape.size()}, input.first}, layer);
}

template <class L, At in, bool sound> constexpr bool is_sound_signal() {
  static_assert(
      sound || error::out_of_range<error::at_layer<in.layer>, error::in<L>>,
      "Signal: the length of a transform is a power of two from 4 on that holds a frame, of "
      "the inverse two less than its frame; OverlapAdd's step is 1 to a frame; Energy has first <= "
      "last, within the frame's complex numbers; counts are at least "
      "1, shifts 0 to 31.");
  return sound;
}
constexpr bool is_shift(int bits) { return bits >= 0 && bits < 32; }

}  // namespace detail

template <int shift> struct WindowFunction {
  static constexpr const char* op = "SignalWindow";

  template <At in> static constexpr Shape output() {
    constexpr bool sound = detail::is_sound_signal<WindowFunction, in, detail::is_shift(shift)>();
    return sound ? in.shape : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v =
        detail::signal_value(l, op::window_function, in.layer, in.shape, input, Element::int16);
    v.options.set(SignalOptions{shift});
    v.wanted = Listing<Wanted>(wanted<in.shape.channels>);
    return l.add(v, input);
  }

private:
  template <int size> static constexpr Wanted wanted[] = {{"window", size, Element::int16}};
};

struct FftAutoScale {
  static constexpr const char* op = "SignalFftAutoScale";
  static constexpr int outputs = 2;

  template <int k, At in> static constexpr Shape output() { return k == 0 ? in.shape : Shape{}; }
  template <At in, class Lowering>
  static constexpr std::array<View, 2> lower(Lowering& l, View input) {
    const View row = detail::as_row(l, input, in.layer);
    Value bits = detail::signal_value(l, op::fft_shift, in.layer, {}, row, Element::int32);
    const View shift = l.add(bits, row);
    Value v = detail::signal_value(l, op::fft_scale, in.layer, row.shape, row, Element::int16);
    const View scaled = l.add(v, row, shift);
    return {View{scaled.value, in.shape}, shift};
  }
};

template <int length> struct RealFft {
  static constexpr const char* op = "SignalRfft";

  template <At in> static constexpr Shape output() {
    constexpr bool fits = detail::is_fft(length) && in.shape.channels <= length;
    constexpr bool sound = detail::is_sound_signal<RealFft, in, fits>();
    return sound ? Shape{in.shape.height, in.shape.width, length + 2} : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return detail::lower_samples(l, op::real_fft, in.layer, output<in>(), input);
  }
};

template <int length> struct InverseRealFft {
  static constexpr const char* op = "SignalIrfft";

  template <At in> static constexpr Shape output() {
    constexpr bool fits = detail::is_fft(length) && in.shape.channels == length + 2;
    constexpr bool sound = detail::is_sound_signal<InverseRealFft, in, fits>();
    return sound ? Shape{in.shape.height, in.shape.width, length} : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return detail::lower_samples(l, op::inverse_real_fft, in.layer, output<in>(), input);
  }
};

template <int step> struct OverlapAdd {
  static constexpr const char* op = "SignalOverlapAdd";

  template <At in> static constexpr Shape output() {
    constexpr bool fits = step > 0 && step <= in.shape.channels;
    constexpr bool sound = detail::is_sound_signal<OverlapAdd, in, fits>();
    return sound ? Shape{in.shape.height, 1, in.shape.width * step} : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    const Element element = l.graph.values[input.value].element;
    Value v = detail::signal_value(l, op::overlap_add, in.layer, output<in>(), input, element);
    v.options.set(SignalOptions{step});
    const View kept = l.state(in.layer, "state", {in.shape.height, 1, in.shape.channels});
    return l.add(v, input, kept);
  }
};

template <int first, int last> struct Energy {
  static constexpr const char* op = "SignalEnergy";

  template <At in> static constexpr Shape output() {
    constexpr bool fits = first >= 0 && first <= last && 2 * last <= in.shape.size();
    constexpr bool sound = detail::is_sound_signal<Energy, in, fits>();
    return sound ? Shape{1, 1, in.shape.size() / 2} : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = detail::as_row(l, input, in.layer);
    Value v = detail::signal_value(l, op::energy, in.layer, output<in>(), input, Element::uint32);
    v.options.set(SignalOptions{first, last});
    return l.add(v, input);
  }
};

template <int channels, int weights> struct FilterBank {
  static constexpr const char* op = "SignalFilterBank";

  template <At in> static constexpr Shape output() {
    constexpr bool sound = detail::is_sound_signal<FilterBank, in, (channels > 0 && weights > 0)>();
    return sound ? Shape{1, 1, channels} : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = detail::as_row(l, input, in.layer);
    Value v =
        detail::signal_value(l, op::filter_bank, in.layer, output<in>(), input, Element::uint64);
    v.options.set(SignalOptions{weights});
    v.wanted = Listing<Wanted>(wanted);
    return l.add(v, input);
  }

private:
  static constexpr Wanted wanted[] = {{"weights", weights, Element::int16},
                                      {"unweights", weights, Element::int16},
                                      {"frequencies", channels + 1, Element::int16},
                                      {"starts", channels + 1, Element::int16},
                                      {"widths", channels + 1, Element::int16}};
};

struct FilterBankSquareRoot {
  static constexpr const char* op = "SignalFilterBankSquareRoot";

  template <At in, At shift> static constexpr Shape output() { return in.shape; }
  template <At in, At bits, class Lowering>
  static constexpr View lower(Lowering& l, View input, View shift) {
    input = detail::as_row(l, input, in.layer);
    shift = detail::as_row(l, shift, in.layer);
    const View root =
        l.add(detail::signal_value(l, op::bank_root, in.layer, input.shape, input, Element::uint32),
              input, shift);
    return {root.value, in.shape};
  }
};

template <int smoothing, int one_minus_smoothing, int alternate_smoothing,
          int alternate_one_minus_smoothing, int min_signal_remaining, int smoothing_bits, int bits,
          bool clamping = false>
struct SpectralSubtraction {
  static constexpr const char* op = "SignalFilterBankSpectralSubtraction";
  static constexpr int outputs = 2;

  template <int k, At in> static constexpr Shape output() {
    constexpr bool fits = detail::is_shift(smoothing_bits) && detail::is_shift(bits);
    constexpr bool sound = detail::is_sound_signal<SpectralSubtraction, in, fits>();
    return sound ? in.shape : no_shape;
  }
  template <At in, class Lowering>
  static constexpr std::array<View, 2> lower(Lowering& l, View input) {
    constexpr NoiseOptions numbers{smoothing,
                                   one_minus_smoothing,
                                   alternate_smoothing,
                                   alternate_one_minus_smoothing,
                                   min_signal_remaining,
                                   smoothing_bits,
                                   bits,
                                   clamping ? 1 : 0};
    input = detail::as_row(l, input, in.layer);
    Value estimate =
        detail::signal_value(l, op::noise_estimate, in.layer, input.shape, input, Element::uint32);
    estimate.options.set(numbers);
    estimate.persistent = true;
    const View noise = l.add(estimate, input, l.own_rows(estimate));
    Value v =
        detail::signal_value(l, op::less_noise, in.layer, input.shape, input, Element::uint32);
    v.options.set(numbers);
    const View left = l.add(v, input, noise);
    return {View{left.value, in.shape}, View{noise.value, in.shape}};
  }
};

template <int shift> struct Pcan {
  static constexpr const char* op = "SignalPCAN";

  template <At in, At noise> static constexpr Shape output() {
    constexpr bool fits = detail::is_shift(shift) && in.shape == noise.shape;
    return detail::is_sound_signal<Pcan, in, fits>() ? in.shape : no_shape;
  }
  template <At in, At estimate, class Lowering>
  static constexpr View lower(Lowering& l, View input, View noise) {
    input = detail::as_row(l, input, in.layer);
    noise = detail::as_row(l, noise, in.layer);
    Value v = detail::signal_value(l, op::pcan, in.layer, input.shape, input, Element::uint32);
    v.options.set(SignalOptions{shift});
    v.wanted = Listing<Wanted>(wanted);
    return {l.add(v, input, noise).value, in.shape};
  }

private:
  static constexpr Wanted wanted[] = {{"gains", 125, Element::int16}};
};

template <int scale, int bits> struct FilterBankLog {
  static constexpr const char* op = "SignalFilterBankLog";

  template <At in> static constexpr Shape output() {
    constexpr bool sound = detail::is_sound_signal<FilterBankLog, in, detail::is_shift(bits)>();
    return sound ? in.shape : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = detail::as_row(l, input, in.layer);
    Value v = detail::signal_value(l, op::bank_log, in.layer, input.shape, input, Element::int16);
    v.options.set(SignalOptions{scale, bits});
    return {l.add(v, input).value, in.shape};
  }
};

}  // namespace graven::core
