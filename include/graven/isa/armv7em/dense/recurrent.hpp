// Recurrent cells: the sums of gates, unit by unit, are outputs of which four share each load of
// the inputs (sums.hpp). An LSTM's unit is one such four; those of four units else.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dense/sums.hpp"
#include "graven/isa/scalar/recurrent_integer.hpp"

namespace graven::core::armv7em_isa {

// requantize in five instructions, of sums below 2^24 or, without a left shift, below 2^30.
struct Rounding {
  std::int32_t left, multiplier, sign, half, right;

  static constexpr bool serves(Multiplier m) { return m.shift <= 5 && m.shift >= -30; }
  static constexpr Rounding of(Multiplier m) {
    const int right = m.shift < 0 ? -m.shift : 0, left = m.shift > 0 ? m.shift : 0;
    return {left + 1, m.multiplier, right > 0 ? -1 : 0, right > 0 ? 1 << (right - 1) : 0, right};
  }
  // What requantize() gives. rights: the shift goes to the right.
  template <bool rights> [[gnu::always_inline]] std::int32_t wide(std::int32_t acc) const {
    const std::int32_t twice = rights ? acc * 2 : shift_left(acc, left);
    const std::int32_t round = rights ? half + (acc >> 31) : half + ((acc >> 31) & sign);
    return shift_right(smmlar(twice, multiplier, round), right);
  }
  template <bool rights> [[gnu::always_inline]] std::int32_t int16(std::int32_t acc) const {
    return saturate_int16(wide<rights>(acc));
  }
};

// As Roundings; the shifts of the last three go to the right.
template <class NumbersType> struct FastRoundings {
  const NumbersType& n;
  const Rounding* last;  // of what is kept, what enters, the hidden state

  [[gnu::always_inline]] static std::int32_t int16(std::int32_t x) { return saturate_int16(x); }
  [[gnu::always_inline]] std::int32_t kept(std::int32_t x) const { return last[0].int16<true>(x); }
  [[gnu::always_inline]] std::int32_t entered(std::int32_t x) const {
    return last[1].int16<true>(x);
  }
  template <class T> [[gnu::always_inline]] T hidden(std::int32_t x) const {
    return static_cast<T>(clamp(last[2].wide<true>(x) + n.zero, {-128, 127}));
  }
};

// Weights of four outputs, of the input or of the hidden state; zeros where there is no output.
struct FourRows {
  const std::int8_t* row[4];
  int count;

  constexpr int operator()(int k, int i) const {
    return row[k] != nullptr && i < count ? row[k][i] : 0;
  }
  // As halfwords 256 * high + low.
  constexpr bool fits(int low, int high) const {
    int reach = 0, reach_low = 0;
    for (int i = 0; i < count; ++i) {
      const int w = (*this)(high, i), v = (*this)(low, i);
      if (w == -128 && v < 0) return false;
      reach += w < 0 ? -w : w;
      reach_low += v < 0 ? -v : v;
    }
    // With the zero point's share and the bias below 2^24.
    return reach < 1 << 15 && reach_low < 1 << 15;
  }
  constexpr bool fits() const { return fits(0, 1) && fits(2, 3); }
  constexpr void put(Writer& to, int low, int high, int i) const {
    const auto half = [&](int k) {
      return static_cast<std::uint32_t>(256 * (*this)(high, k) + (*this)(low, k)) & 0xffff;
    };
    to.put(half(i) | half(i + 2) << 16);
  }
  constexpr void put(Writer& to) const {
    if (to.skips(4 * round4(count))) return;
    for (int i = 0; i < count; i += 4)
      for (int half = i; half < i + 2; ++half) {
        put(to, 0, 1, half);
        put(to, 2, 3, half);
      }
  }
};

// 258 weights of 127, and of an input of -128 at most: too much for 24 bits, in either row.
static_assert([] {
  constexpr auto large = [] {
    std::array<std::int8_t, 260> row{};
    for (std::int8_t& each : row) each = 127;
    return row;
  }();
  const FourRows low{{large.data(), nullptr, nullptr, nullptr}, 260};
  const FourRows high{{nullptr, nullptr, nullptr, large.data()}, 260};
  return !low.fits() && !high.fits();
}());

// Packing chooses: all outputs by fours (rights: no multiplier shifts to the left), or scalar's
// bytes where the hidden state is reset before the products, two weights do not fit a halfword, a
// sum not 24 bits, or a multiplier not Rounding. Stream: scalar's; by fours the roundings stand
// behind the numbers, outputs are filled up to a multiple of four, and the weights of each four are
// add_quads'. `roomy`: the input and the hidden state are widened, in scratch.
template <template <class> class CellOf, bool roomy>
struct Cells : scalar_isa::IntegerCells<CellOf, std::int8_t> {
  using Base = scalar_isa::IntegerCells<CellOf, std::int8_t>;
  using Base::gates, Base::header;
  using typename Base::Cell, typename Base::Numbers;
  using Parts = scalar_isa::Parts;
  using Row = std::conditional_t<roomy, WideInputs, Inputs>;
  static constexpr const char* name = gates == 4   ? "armv7em.lstm"
                                      : gates == 3 ? "armv7em.gru"
                                                   : "armv7em.simple_rnn";
  enum Program { right_shifts, any_shifts, bytes };
  static constexpr int programs = 3;
  static constexpr int multipliers = 2 * gates + 3, roundings = multipliers * sizeof(Rounding);
  static constexpr int block = gates == 4 ? 1 : 4,
                       fours = block * gates / 4;  // units of whole fours

  static constexpr int blocks(int units) { return (units + block - 1) / block; }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    const int own = scalar_isa::States::words(Base::scratch(g, v));
    return own + (roomy ? 2 * (round4(g.input(v).shape.channels) + round4(v.shape.channels)) : 0);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int units = v.shape.channels, inputs = g.input(v).shape.channels;
    return header + roundings + 4 * fours * blocks(units) * (8 + round4(inputs) + round4(units));
  }

  static constexpr FourRows rows_of(const Parameters& p, bool recurrent, int first, int units,
                                    int count) {
    FourRows rows{{}, count};
    for (int k = 0; k < 4; ++k) {
      const Gate& gate = Cell::gates[(first + k) % gates];
      const int unit = (first + k) / gates;
      const char* weights = recurrent ? gate.recurrent : gate.input;
      if (unit < units) rows.row[k] = scalar_isa::constant_of(p, weights).data.int8 + unit * count;
    }
    return rows;
  }
  static constexpr std::array<Multiplier, std::size_t{multipliers}> all_of(const Numbers& n) {
    std::array<Multiplier, std::size_t{multipliers}> all{};
    Multiplier* to = all.data();
    for (int k = 0; k < gates; ++k) {
      *to++ = n.input[k];
      *to++ = n.recurrent[k];
    }
    *to++ = n.kept;
    *to++ = n.entered;
    *to = n.hidden;
    return all;
  }
  static constexpr bool fits(const Numbers& n, const Parameters& p) {
    for (const Multiplier m : all_of(n))
      if (!Rounding::serves(m)) return false;
    if (scalar_isa::resets_before<Cell>(n.variant)) return false;
    for (const Multiplier m : {n.kept, n.entered, n.hidden})
      if (m.multiplier != 0 && m.shift >= 0) return false;
    return fits_biases(n, p) && fits_weights(n, p);
  }
  static constexpr bool fits_biases(const Numbers& n, const Parameters& p) {
    const auto fits = [&](const char* name_of_it) {
      for (int u = 0; u < n.units && p.find(name_of_it) >= 0; ++u)
        if (const int bias = scalar_isa::constant_of(p, name_of_it).data.int32[u];
            bias >= 1 << 22 || bias <= -(1 << 22))
          return false;
      return true;
    };
    for (const Gate& gate : Cell::gates)
      if (!fits(gate.bias)) return false;
    return fits("recurrent_bias");
  }
  static constexpr bool fits_weights(const Numbers& n, const Parameters& p) {
    for (int first = 0; first < gates * n.units; first += 4)
      if (!rows_of(p, false, first, n.units, n.inputs).fits() ||
          !rows_of(p, true, first, n.units, n.units).fits())
        return false;
    return true;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const Numbers n = Base::numbers(g, v, p);
    to.program = fits(n, p) ? right_shifts : bytes;
    for (const Multiplier m : all_of(n))
      if (to.program == right_shifts && m.multiplier != 0 && m.shift >= 0) to.program = any_shifts;
    if (to.program == bytes) return Base::pack(g, v, p, to);
    Base::pack_starts(g, v, p, to);
    for (int k = gates * n.units; k < 4 * fours * blocks(n.units); ++k) to.put(std::int64_t{0});
    for (const Multiplier m : all_of(n))
      for (const std::int32_t word : std::bit_cast<std::array<std::int32_t, 5>>(Rounding::of(m)))
        to.put(word);
    for (int first = 0; first < 4 * fours * blocks(n.units); first += 4) {
      rows_of(p, false, first, n.units, n.inputs).put(to);
      rows_of(p, true, first, n.units, n.units).put(to);
    }
  }

  static Row row_of(const std::byte* from, int count, [[maybe_unused]] std::byte* room) {
    if constexpr (roomy)
      return WideInputs(from, count, room);
    else
      return Inputs(from, count);
  }
  template <int program>
  GRAVEN_OPTIMIZE("no-schedule-insns")
  static void run(const Task& task, const Band& band) {
    if constexpr (program == bytes) {
      Base::run(task, band);
    } else {
      const Numbers& n = *reinterpret_cast<const Numbers*>(task.stream);
      const scalar_isa::States states(band, n.stateful != 0, n.units, Cell::memory_size * n.units,
                                      n.zero);
      const std::byte* in = band.rows[0];
      std::byte *out = band.out[0], *room = states.scratch;
      for (int x = task.out_width; x > 0; --x, in += n.inputs, out += n.units) {
        const Row data = row_of(in, n.inputs, room);
        const Row hidden = row_of(states.hidden, n.units, room + 2 * round4(n.inputs));
        moment<program == right_shifts>(task.stream, n, data, hidden, out, states.memory);
        copy_bytes(states.hidden, out, n.units);
      }
    }
  }
  template <bool rights>
  [[gnu::noinline]] GRAVEN_OPTIMIZE("no-schedule-insns") static void moment(
      const std::byte* stream, const Numbers& n, const Row& data, const Row& hidden, std::byte* out,
      std::byte* memory) {
    const std::byte* start = stream + header;
    const std::byte* weights = start + 32 * fours * blocks(n.units) + roundings;
    const auto* round = reinterpret_cast<const Rounding*>(weights - roundings);
    const FastRoundings<Numbers> last{n, round + 2 * gates};
    const int of_input = 4 * round4(n.inputs), of_hidden = 4 * round4(n.units);
    for (int left = n.units; left > 0; left -= block) {
      Parts parts[std::size_t{4 * fours}];
#pragma GCC unroll 3
      for (int four = 0; four < fours; ++four) {
        const Four input = sums(data, weights);
        const Four recurrent = sums(hidden, weights + of_input);
        weights += of_input + of_hidden;
#pragma GCC unroll 4
        for (int k = 0; k < 4; ++k, start += 8) {
          const int gate = (4 * four + k) % gates;
          parts[4 * four + k] = {round[2 * gate].template int16<rights>(
                                     input.gate[k] + load_aligned<std::int32_t>(start)),
                                 round[2 * gate + 1].template int16<rights>(
                                     recurrent.gate[k] + load_aligned<std::int32_t>(start + 4))};
        }
      }
      for (int u = 0; u < block && u < left; ++u, memory += Cell::memory_size)
        store(out++, Cell::finish(last, parts + u * gates, memory));
    }
  }
  // The sums of four outputs, without what they start at.
  struct Four {
    std::int32_t gate[4];
  };
  [[gnu::always_inline]] static Four sums(const Row& in, const std::byte* weights) {
    FourSums s{0, 0, 0, 0};
    in.add(s, weights);
    return {{s.low_a, (s.high_a - s.low_a) >> 8, s.low_b, (s.high_b - s.low_b) >> 8}};
  }
};

template <bool roomy>
using AllCells = Prefer<Cells<scalar_isa::IntegerLstm, roomy>, Cells<scalar_isa::IntegerGru, roomy>,
                        Cells<scalar_isa::IntegerRnn, roomy>>;

}  // namespace graven::core::armv7em_isa

#endif
