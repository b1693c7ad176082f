// Attention of int8 under a mask, and of int16: what a mask adds is a number of steps of the
// scores.
#pragma once

#include "graven/isa/scalar/attention_integer.hpp"

namespace graven::core::scalar_isa {

// A mask of booleans (true: seen), of float32, or of the activations' own element with a scale of
// its own; the latter two are added to the scores as reals. `hidden` is what is seen nowhere:
// false, or -most and less, as minus infinity is. Stream: int32 element, -1 where there is no mask;
// zero point; float of steps in a number.
template <class T> struct ScoreMask {
  static constexpr int stream_size = 12;
  std::int32_t element, zero;
  float factor;

  static constexpr bool takes(const GraphView& g, const Value& v) {
    if (v.inputs != 4) return true;
    const Element e = g.source(v, 3).element;
    return e == Element::boolean || e == Element::float32 || e == element_of<T>();
  }
  // `unit`: of a score.
  static constexpr void pack(const GraphView& g, const Value& v, double unit, Writer& to) {
    const bool masked = v.inputs == 4;
    const Element e = masked ? g.source(v, 3).element : Element::float32;
    const Quant quant = masked && e == element_of<T>() ? g.source(v, 3).quant : Quant{1, 0};
    to.put<std::int32_t>(masked ? static_cast<int>(e) : -1);
    to.put<std::int32_t>(quant.zero_point);
    to.put(static_cast<float>(static_cast<double>(quant.scale) / unit));
  }
  explicit constexpr ScoreMask(const std::byte* stream)
      : element(load_aligned<std::int32_t>(stream)), zero(load_aligned<std::int32_t>(stream + 4)),
        factor(load_aligned<float>(stream + 8)) {}

  // The score of moment j; S holds its sum with `most`.
  template <class S>
  constexpr S masked(S score, const std::byte* mask, int j, S most, S hidden) const {
    if (mask == nullptr) return score;
    if (element == static_cast<int>(Element::boolean))
      return load<std::int8_t>(mask + j) != 0 ? score : hidden;
    const float added = element == static_cast<int>(Element::float32)
                            ? load<float>(mask + 4 * j)
                            : real_of(load<T>(mask + j * int{sizeof(T)}) - zero);
    // Beyond any limit, and a number still, by any factor from 1e-11 to 1e13 (1 / a score's unit).
    constexpr float far = 1e25f;
    const float limit = static_cast<float>(most);
    if (!(added > -far)) return hidden;
    const float steps = (added < far ? added : far) * factor;
    if (!(steps > -limit)) return hidden;
    return score + (steps < limit ? static_cast<S>(steps) : most);
  }

private:
  // With Helium the assembler takes VCVT under the condition NE for VCVTN: it must have none.
  static constexpr float real_of(int number) {
#if defined(__ARM_FEATURE_MVE)
    if (!std::is_constant_evaluated()) asm("" : "+r"(number));
#endif
    return static_cast<float>(number);
  }
};

// As AttentionInt8, whose numbers these are where a mask adds nothing. A score and 2^30 are int32;
// their differences need the sign's bit.
struct AttentionMasked : AttentionInt8 {
  static constexpr int stream_size =
      AttentionInt8::stream_size + ScoreMask<std::int8_t>::stream_size;
  static constexpr std::int32_t most_steps = 1 << 30, hidden = -0x7fffffff;
  ScoreMask<std::int8_t> mask;

  static constexpr bool takes(const GraphView& g, const Value& v) {
    return sums_fit(g, v) && ScoreMask<std::int8_t>::takes(g, v);
  }
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    AttentionInt8::pack(g, v, to);
    ScoreMask<std::int8_t>::pack(g, v, unit_of(g, v), to);
  }
  constexpr AttentionMasked(const Task& t, const std::byte* stream)
      : AttentionInt8(t, stream), mask(stream + AttentionInt8::stream_size) {}

  constexpr void attend(const Glance& at, int count, std::byte* scores) const {
    std::int32_t most = hidden;
    for (int j = 0; j < at.seen; ++j) {
      const std::int32_t dot =
          mask.masked<std::int32_t>(score(at, j, count), at.mask, j, most_steps, hidden);
      store_aligned(scores + 4 * j, dot);
      if (dot > most) most = dot;
    }
    std::int32_t sum = 0;
    for (int j = 0; j < at.seen; ++j) {
      const auto below =
          static_cast<std::uint32_t>(most) - load_aligned<std::uint32_t>(scores + 4 * j);
      const bool far = below >= static_cast<std::uint32_t>(least);
      const std::int32_t e = far ? 0 : exponential(static_cast<std::int32_t>(below));
      store_aligned(scores + 4 * j, e);
      sum += e;
    }
    put_values(at, count, scores, sum);
  }
};

// 2^30 * 2^(-i / 256), and one more.
inline constexpr auto fine_octave = [] {
  std::array<std::uint32_t, 257> table{};
  for (int i = 0; i < 257; ++i)
    table[static_cast<std::size_t>(i)] = static_cast<std::uint32_t>(
        floating_point::exp(-i * 0.693147180559945309 / 256) * 1073741824 + 0.5);
  return table;
}();

// Scores are exact sums of 64 bits. Their distance d from the largest becomes t, 1/65536 of
// octaves, by a multiplier of 16 bits; the exponential, 24 bits, lies between two entries of
// fine_octave. What they make of v is one float factor from the output. Stream: int32 multiplier,
// shift, the least d whose exponential is 0, low and high; float ratio of the scales of v and the
// output; the mask's. Scratch: 64 bits per moment.
struct AttentionInt16 {
  using Element = std::int16_t;
  using Mask = ScoreMask<std::int16_t>;
  static constexpr bool by_channel = true, pairs = false, pairs_remembered = false;
  static constexpr int stream_size = 20 + Mask::stream_size;
  static constexpr std::int64_t most_steps = std::int64_t{1} << 46, hidden = -(most_steps << 14);
  std::int64_t multiplier;
  std::int32_t shift;
  std::int64_t least;
  float ratio;
  Mask mask;

  static constexpr bool takes(const GraphView& g, const Value& v) {
    return sums_fit(g, v) && Mask::takes(g, v);
  }
  static constexpr int scratch(int moments, const AttentionOptions&, int) { return 8 * moments; }
  // Of a score, in 1/65536 of octaves; by how many bits its multiplier is larger.
  static constexpr double steps_of(const GraphView& g, const Value& v) {
    return AttentionInt8::unit_of(g, v) * (65536 * 1.44269504088896341);
  }
  static constexpr int shift_of(const GraphView& g, const Value& v) {
    double scaled = steps_of(g, v);
    int bits = 0;
    for (; bits < 41 && scaled < 32768; ++bits) scaled *= 2;
    return bits;
  }
  constexpr void arrange(Glance&, int, std::byte*) const {}
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    const double real = steps_of(g, v);
    const int bits = shift_of(g, v);
    const double scaled = real * static_cast<double>(std::int64_t{1} << bits);
    to.put(static_cast<std::int32_t>(scaled < 1e9 ? scaled + 0.5 : 1e9));
    to.put<std::int32_t>(bits);
    const double far = 24 * 65536 / (real > 0 ? real : 1);
    const auto end = static_cast<std::uint64_t>(far < 1e15 ? far + 1 : 1e15);
    to.put(static_cast<std::uint32_t>(end));
    to.put(static_cast<std::uint32_t>(end >> 32));
    to.put(g.source(v, 2).quant.scale / v.quant.scale);
    Mask::pack(g, v, AttentionInt8::unit_of(g, v), to);
  }
  constexpr AttentionInt16(const Task&, const std::byte* stream)
      : multiplier(load_aligned<std::int32_t>(stream)),
        shift(load_aligned<std::int32_t>(stream + 4)),
        least(static_cast<std::int64_t>(load_aligned<std::uint32_t>(stream + 8) |
                                        std::uint64_t{load_aligned<std::uint32_t>(stream + 12)}
                                            << 32)),
        ratio(load_aligned<float>(stream + 16)), mask(stream + 20) {}

  constexpr std::int64_t exponential(std::int64_t below) const {
    if (below >= least) return 0;
    const auto t = static_cast<std::uint32_t>(
        (below * multiplier + ((std::int64_t{1} << shift) >> 1)) >> shift);
    const std::size_t at = t >> 8 & 255;
    const std::uint32_t between = (fine_octave[at] - fine_octave[at + 1]) * (t & 255) >> 8;
    return (fine_octave[at] - between) >> ((t >> 16) + 6);
  }
  constexpr void attend(const Glance& at, int count, std::byte* scores) const {
    std::int64_t most = hidden, sum = 0;
    for (int j = 0; j < at.seen; ++j) {
      std::int64_t dot = 0;
      const std::byte* key = at.keys + j * at.stride;
      for (int c = 0; c < 2 * count; c += 2)
        dot += load<std::int16_t>(at.query + c) * load<std::int16_t>(key + c);
      dot = mask.masked<std::int64_t>(dot, at.mask, j, most_steps, hidden);
      store_aligned(scores + 8 * j, dot);
      if (dot > most) most = dot;
    }
    for (int j = 0; j < at.seen; ++j) {
      const std::int64_t e = exponential(most - load_aligned<std::int64_t>(scores + 8 * j));
      store_aligned(scores + 8 * j, e);
      sum += e;
    }
    const float factor = ratio / static_cast<float>(sum);
    for (int c = 0; c < 2 * count; c += 2) {
      std::int64_t acc = 0;
      const std::byte* value = at.values + c / 2 * at.channel;
      for (int j = 0; j < at.seen; ++j, value += at.moment)
        acc += load_aligned<std::int64_t>(scores + 8 * j) * load<std::int16_t>(value);
      put(at.out + c, acc, factor);
    }
  }
  static constexpr void put(std::byte* out, std::int64_t acc, float factor) {
    const float y = static_cast<float>(acc) * factor, limit = 40000;
    const std::int32_t whole = detail::round_away(y < -limit ? -limit : y > limit ? limit : y);
    store(out, static_cast<std::int16_t>(clamp(whole, {-32768, 32767})));
  }
};

}  // namespace graven::core::scalar_isa
