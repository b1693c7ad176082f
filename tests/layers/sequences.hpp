// What holds for every recurrent layer: however a sequence is brought, its hidden states are the
// same bits.
#pragma once

#include "support.hpp"

#include <algorithm>
#include <cstring>

namespace test {

// `Layer<how>` of one unit on sequences of one number, with the records `params`.
template <template <Recurrence> class Layer, const auto& params> struct Sequences {
  using Tall = Model<Layer<Recurrence{}>, Shape{6, 1, 1}, params>;
  using Wide = Model<Layer<Recurrence{}>, Shape{1, 6, 1}, params>;
  using Step = Model<Layer<Recurrence{}>, Shape{1, 1, 1}, params>;
  using Pushed = Model<Layer<Recurrence{}>, Shape{6, 1, 1}, params, native, plan::by_rows>;
  using Last = Model<Layer<Recurrence{.return_sequences = false}>, Shape{6, 1, 1}, params>;
  using WideLast = Model<Layer<Recurrence{.return_sequences = false}>, Shape{1, 6, 1}, params>;
  using Fresh = Model<Layer<Recurrence{.stateful = false}>, Shape{6, 1, 1}, params>;
  static_assert(Tall::has_state && !Fresh::has_state);
  static_assert(Last::output_shape() == Shape{1, 1, 1});

  template <class T, class Output>
  static bool equal(const Output& found, const std::array<T, 6>& expected) {
    return std::equal(found.begin(), found.end(), expected.begin(), expected.end());
  }
  template <class T> static std::array<T, 6> run(Tall& tall, const std::array<T, 6>& input) {
    std::array<T, 6> copy{};
    const auto output = tall.run(input);
    std::copy(output.begin(), output.end(), copy.begin());
    return copy;
  }

  template <class T> static void check_ways(const std::array<T, 6>& input) {
    static Tall tall;
    static Wide wide;
    static Step step;
    static Pushed pushed;
    static Last last;
    static WideLast wide_last;
    static Fresh fresh;
    const auto first = run(tall, input);
    tall.reset();
    for (int repeat = 0; repeat < 3; ++repeat) {  // the state goes on from run to run
      const auto found = run(tall, input);
      pushed.begin();
      for (const T& x : input) pushed.push_row(std::array<T, 1>{x});
      CHECK(equal(pushed.finish(), found));
      CHECK(equal(wide.run(input), found));
      for (std::size_t t = 0; t < 6; ++t)
        CHECK(step.run(std::array<T, 1>{input[t]})[0] == found[t]);
      CHECK(last.run(input)[0] == found[5]);
      CHECK(wide_last.run(input)[0] == found[5]);
      CHECK(equal(fresh.run(input), first));  // or begins with zeros
    }
  }
  // A saved state continues, and so does a copy of its bytes.
  template <class T> static void check_saving(const std::array<T, 6>& input) {
    static Tall tall;
    const auto first = run(tall, input);
    std::array<std::byte, Tall::State::saved_size> saved{};
    typename Tall::State copy;
    tall.state().save(saved);
    std::memcpy(&copy, &tall.state(), sizeof(copy));
    const auto second = run(tall, input);
    CHECK(second != first);
    REQUIRE(tall.state().restore(saved));
    CHECK(run(tall, input) == second);
    std::memcpy(&tall.state(), &copy, sizeof(copy));
    CHECK(run(tall, input) == second);
    tall.reset();
    CHECK(run(tall, input) == first);
  }
};
template <template <Recurrence> class Layer, const auto& params, class T>
void check_sequences(const std::array<T, 6>& input) {
  Sequences<Layer, params>::check_ways(input);
  Sequences<Layer, params>::check_saving(input);
}

constexpr auto real_sequence = floats(0.3, -1.5, 2, 0, 4, -0.25);
constexpr auto byte_sequence = int8s(10, -48, 127, -128, 3, 64);
constexpr std::array<std::int16_t, 6> word_sequence{2560, -12288, 32767, -32768, 768, 16384};

}  // namespace test
