#include "layers/support.hpp"

#include <algorithm>
#include <vector>

using namespace test;

namespace {

template <int count, int seed>
constexpr auto weights = [] {
  std::array<float, std::size_t{count}> w{};
  std::uint32_t state = 2463534242u + 7919u * seed;
  for (float& each : w) {
    state = state * 1664525u + 1013904223u;
    each = static_cast<float>(static_cast<int>(state >> 24) - 128) / 400;
  }
  return w;
}();

// Two layers of attention over a vocabulary of 9.
template <Span span>
using Net = Sequential<Embedding<9, 8>, DecoderBlock<8, 2, 1, 12, span>,
                       DecoderBlock<8, 2, 1, 12, span>, RMSNorm, Dense<8, 9>>;
template <int seed> struct Block {
  static constexpr Parameters q{.filter = weights<64, seed>}, k{.filter = weights<32, seed + 1>},
      v{.filter = weights<32, seed + 2>}, o{.filter = weights<64, seed + 3>},
      gate{.filter = weights<96, seed + 4>}, up{.filter = weights<96, seed + 5>},
      down{.filter = weights<96, seed + 6>};
};
using A = Block<10>;
using B = Block<20>;
constexpr Constant table[]{{"table", weights<72, 1>}};
constexpr Parameters none{}, embedding{.constants = table}, head{.filter = weights<72, 1>};
constexpr Parameters params[]{{.element = Element::int32},
                              embedding,
                              none,
                              A::q,
                              none,
                              A::k,
                              none,
                              A::v,
                              none,
                              A::o,
                              none,
                              none,
                              A::gate,
                              none,
                              A::up,
                              none,
                              A::down,
                              none,
                              none,
                              B::q,
                              none,
                              B::k,
                              none,
                              B::v,
                              none,
                              B::o,
                              none,
                              none,
                              B::gate,
                              none,
                              B::up,
                              none,
                              B::down,
                              none,
                              none,
                              head};

constexpr int length = 11;
template <int moments, Span span> std::vector<float> logits() {
  static Model<Net<span>, Shape{1, moments, 1}, params> model;
  std::vector<float> all;
  for (int t = 0; t + moments <= length; t += moments) {
    std::array<std::int32_t, std::size_t{moments}> tokens{};
    for (int i = 0; i < moments; ++i) tokens[static_cast<std::size_t>(i)] = (t + i) * 5 % 9;
    const auto out = model.run(tokens);
    all.insert(all.end(), out.begin(), out.end());
  }
  return all;
}

}  // namespace

TEST_CASE("a decoder over a whole sequence and token by token: the same bits") {
  const auto whole = logits<length, sliding(6)>();
  CHECK(whole == logits<1, sliding(6)>());
  CHECK(whole != logits<1, sliding(5)>());
  CHECK(logits<length, sliding(32)>() == logits<1, sliding(32)>());
  const auto differ = std::adjacent_find(whole.begin(), whole.end(), std::not_equal_to<>());
  CHECK(differ != whole.end());
}

// What one reads off the type of a preset, at any length.
using Preset = TinyDecoder<>;
static_assert(output_of<Preset, At{{1, 1, 1}, 0}> == Shape{1, 1, 128});
static_assert(output_of<Preset, At{{1, 40, 1}, 0}> == Shape{1, 40, 128});
static_assert(output_of<TinyEncoder<10>, At{{1, 20, 32}, 0}> == Shape{1, 1, 10});
static_assert(output_of<StreamingRecurrent<16, 5>, At{{7, 1, 12}, 0}> == Shape{7, 1, 5});
