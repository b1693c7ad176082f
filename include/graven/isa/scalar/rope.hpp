// Row kernel of RoPE: pairs of channels turned by angles that grow with the position.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/isa/scalar/svdf.hpp"
#include "graven/layers/rope.hpp"

namespace graven::core::scalar_isa {

// Stream: int32 channels of a head, distance of a pair's two channels, of pairs; float scale of the
// input, of the output; per pair the turns that a position adds, 64 bits behind the point, low word
// first.
template <class T> struct RoPE : PlainKernel {
  static constexpr const char* name = "scalar.rope";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    return v.op == op::rope && v.element == element_of<T>() && g.source(v).element == v.element;
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return 20 + 4 * v.options.get<RoPEOptions>().head;
  }
  // base^(-2 * pair / head) / (2 * pi), modulo 1.
  static constexpr std::uint64_t turns(RoPEOptions o, int pair) {
    const double exponent = -2.0 * pair / o.head;
    const double base = floating_point::log(static_cast<double>(o.base));
    double rate = floating_point::exp(exponent * base) / 6.283185307179586477;
    rate -= floating_point::floor(rate);
    const auto high = static_cast<std::uint32_t>(rate * 4294967296.0);
    const double rest = rate * 4294967296.0 - static_cast<double>(high);
    return std::uint64_t{high} << 32 | static_cast<std::uint32_t>(rest * 4294967296.0);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto options = v.options.get<RoPEOptions>();
    const bool split = options.pairs == half_split;
    to.put<std::int32_t>(options.head);
    to.put<std::int32_t>(split ? options.head / 2 : 1);
    to.put<std::int32_t>(split ? 1 : 2);
    to.put(g.source(v).quant.scale);
    to.put(v.quant.scale);
    for (int pair = 0; pair < options.head / 2; ++pair) {
      const std::uint64_t rate = turns(options, pair);
      to.put(static_cast<std::uint32_t>(rate));
      to.put(static_cast<std::uint32_t>(rate >> 32));
    }
  }

  // What becomes of an element: a real number, and back.
  struct Numbers {
    Quant in, out;

    constexpr float from(const std::byte* at) const {
      if constexpr (sizeof(T) == 4)
        return load<float>(at);
      else
        return dequantize(load<T>(at), in);
    }
    constexpr void put(std::byte* at, float y) const {
      if constexpr (sizeof(T) == 4)
        store(at, y);
      else
        store(at, quantize<T>(y, out));
    }
  };
  static constexpr void run(const Task& task, const Band& band) { turn_all<Numbers>(task, band); }

protected:
  // With other Numbers that do the same.
  template <class Numbers> static constexpr void turn_all(const Task& task, const Band& band) {
    Reader from{task.stream};
    const int head = from.next<std::int32_t>();
    constexpr int size = sizeof(T);
    const int apart = from.next<std::int32_t>() * size, next = from.next<std::int32_t>() * size;
    const float scale = from.next<float>();
    const Numbers numbers{{scale, task.in_zero}, {from.next<float>(), task.out_zero}};
    std::byte* const counter = own_state(band.rows[task.rows]);
    auto position = load_aligned<std::uint32_t>(counter);
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    const int row = task.out_channels * size;
    for (int x = task.out_width; x > 0; --x, in += row, out += row, ++position)
      for (int pair = 0; pair < head / 2; ++pair) {
        const std::byte* rate = from.at + 8 * pair;
        const std::uint64_t turns = load_aligned<std::uint32_t>(rate) |
                                    std::uint64_t{load_aligned<std::uint32_t>(rate + 4)} << 32;
        const auto angle = static_cast<std::int32_t>(turns * position >> 32);
        const float radians = static_cast<float>(angle) * 1.46291808e-9f;  // 2 pi / 2^32
        const auto [sine, cosine] = floating_point::sine_and_cosine(radians);
        for (int at = pair * next; at < row; at += head * size) {
          const float a = numbers.from(in + at), b = numbers.from(in + at + apart);
          numbers.put(out + at, a * cosine - b * sine);
          numbers.put(out + at + apart, a * sine + b * cosine);
        }
      }
    store_aligned(counter, position);
  }
};

}  // namespace graven::core::scalar_isa
