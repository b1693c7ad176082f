// Softmax by a table of its exponentials: two int8 differ by 255 at most. Generic, above the
// instruction sets; the table takes little more flash than the code that would compute them.
#pragma once

#include "graven/isa/scalar/softmax.hpp"

namespace graven::core {

// Stream: int32 entries n, then exp(0), exp(-1) ... exp(-(n - 1)) of the input's steps, Q0.31, and
// 0 for whatever lies below.
struct SoftmaxTable : PlainKernel {
  static constexpr const char* name = "shared.softmax";
  static constexpr bool serves(const GraphView& g, int value) {
    // Fewer classes than can make the sum overflow (scalar/softmax.hpp, halves).
    return makes<std::int8_t>(g, value, op::softmax) && g[value].shape.channels < 512;
  }
  using Scalar = scalar_isa::SoftmaxRows<false>;

  // Below 2^-20 nothing is left of an exponential, neither in the sum nor in an output.
  static constexpr int entries(const GraphView& g, const Value& v) {
    const Multiplier m = Scalar::multiplier(g, v);
    const std::int32_t least = Scalar::least_of(m), first = least < -255 ? -255 : least;
    int count = 0;
    while (-count >= first && Scalar::exponential(-count, m) >= 1 << 11) ++count;
    return count;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return 4 * (entries(g, v) + 2);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const int count = entries(g, v);
    to.put<std::int32_t>(count);
    for (int i = 0; i < count; ++i) to.put(Scalar::exponential(-i, Scalar::multiplier(g, v)));
    to.put<std::int32_t>(0);
  }

  struct Exponentials {
    const std::byte* table;
    int count;
    std::int32_t most;

    std::int32_t of(const std::byte* in) const {
      int below = most - load<std::int8_t>(in);
      if (below > count) below = count;
      return load_aligned<std::int32_t>(table + 4 * below);
    }
  };
  static void run_pixel(const std::byte* in, std::byte* out, int count, Exponentials exp) {
    const std::byte* const end = in + count;
    for (const std::byte* at = in; at != end; ++at)
      if (const std::int32_t x = load<std::int8_t>(at); x > exp.most) exp.most = x;
    std::int32_t sum = 0;
    for (const std::byte* at = in; at != end; ++at) sum += ((exp.of(at) >> 11) + 1) >> 1;
    const Scalar::Share share(sum);
    const std::uint32_t twice = 2 * static_cast<std::uint32_t>(share.scale);
    for (const std::byte* at = in; at != end; ++at) {
      const std::uint64_t scaled = std::uint64_t{twice} * static_cast<std::uint32_t>(exp.of(at));
      const auto high = static_cast<std::uint32_t>((scaled + (1u << 31)) >> 32);
      const auto y = static_cast<std::int32_t>(((high >> (share.shift - 1)) + 1) >> 1);
      *out++ = static_cast<std::byte>((y > 255 ? 255 : y) - 128);
    }
  }
  static void run(const Task& task, const Band& band) {
    const int count = task.out_channels;
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    const Exponentials exp{task.stream + 4, load_aligned<std::int32_t>(task.stream), -128};
    for (int x = task.out_width; x > 0; --x, in += count, out += count)
      run_pixel(in, out, count, exp);
  }
};

}  // namespace graven::core
