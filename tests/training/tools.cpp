// What goes with a Trainer: random numbers (those of samplers), schedules, metrics, the replay
// buffer.
#include "graven/beam.hpp"
#include "graven/graven.hpp"
#include "graven/train.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace {

using namespace graven;

TEST_CASE("random numbers") {
  Random random(42);
  float mean = 0, square = 0;
  for (int i = 0; i < 10000; ++i) {
    const float x = random.normal();
    mean += x / 10000;
    square += x * x / 10000;
  }
  CHECK(std::fabs(mean) < 0.03f);
  CHECK(std::fabs(square - 1) < 0.05f);
  for (int i = 0; i < 1000; ++i) CHECK(random.below(7) < 7);
  static_assert(Random(1).uniform() >= 0 && Random(1).uniform() < 1);
}

TEST_CASE("schedules") {
  constexpr schedule::StepDecay decay{1.0f, 0.5f, 10};
  static_assert(decay(9) == 1 && decay(10) == 0.5f && decay(39) == 0.125f);
  static_assert(schedule::StepDecay{1.0f, 0.5f, 0}(1000) == 1);
  static_assert(schedule::StepDecay{0.25f, 2.0f, 1}(9) == 128);
  static_assert(schedule::StepDecay{0x1p-100f, 2.0f, 1}(130) == 0x1p30f);  // 2^130 is no float
  static_assert(schedule::StepDecay{0x1p100f, 0.5f, 1}(160) == 0x1p-60f);
  CHECK(schedule::StepDecay{1.0f, 2.0f, 1}(200) == core::floating_point::infinity<float>);
  constexpr schedule::StepDecay slow{1.0f, 0.9999f, 1};  // after any number of steps at once
  CHECK(slow(0xffffffff) == 0);
  CHECK(std::fabs(slow(20'000) - 0.13532f) < 1e-4f);
  constexpr schedule::Cosine cosine{1.0f, 0.1f, 100};
  static_assert(cosine(0) == 1 && cosine(100) == 0.1f && cosine(1000) == 0.1f);
  CHECK(std::fabs(cosine(50) - 0.55f) < 1e-5f);
  constexpr schedule::Warmup warm{4, schedule::Constant{0.8f}};
  static_assert(warm(0) == 0.2f && warm(3) == 0.8f && warm(4) == 0.8f);
}

TEST_CASE("metrics") {
  metric::RunningMean mean;
  for (float x : {1.0f, 2.0f, 6.0f}) mean.add(x);
  CHECK(mean.value == 3);
  metric::RunningMean last{.window = 2};
  for (int i = 0; i < 100; ++i) last.add(i < 50 ? 0.0f : 8.0f);
  CHECK(last.value == 8);
  const float output[]{1, 2}, wanted[]{3, 1};
  metric::SquaredError squared;
  squared.add(output, wanted);
  CHECK(squared.mean.value == 2.5f);
  metric::AbsoluteError absolute;
  absolute.add(output, wanted);
  CHECK(absolute.mean.value == 1.5f);
  metric::Accuracy accuracy;
  metric::Confusion<3> confusion;
  const int answers[]{0, 1, 1, 2}, labels[]{0, 1, 2, 2};
  for (int i = 0; i < 4; ++i) {
    accuracy.add(answers[i], labels[i]);
    confusion.add(answers[i], labels[i]);
  }
  confusion.add(-1, 7);
  CHECK(accuracy.value() == 0.75f);
  CHECK(confusion.counts[2][1] == 1);
  CHECK(confusion.recall(2) == 0.5f);
  CHECK(confusion.precision(1) == 0.5f);
  CHECK(confusion.precision(0) == 1);
  CHECK(confusion.recall(3) == 0);
  CHECK(confusion.precision(-1) == 0);
  metric::RunningMean full{.count = 0xffffffff, .value = 2};
  full.add(7);
  CHECK(full.value == 2);
}

TEST_CASE("a replay buffer keeps every sample with the same probability") {
  struct Sample {
    int number;
  };
  using Buffer = Replay<Sample, 24 + 16 * sizeof(Sample)>;
  static_assert(Buffer::capacity == 16 && sizeof(Buffer) <= 24 + 16 * sizeof(Sample));
  static_assert(Replay<Sample, 24 + sizeof(Sample)>::capacity == 1);
  struct alignas(64) Wide {
    int number;
  };
  static_assert(Replay<Wide, 1000>::capacity > 0 && sizeof(Replay<Wide, 1000>) <= 1000);
  static_assert(Replay<Wide, 192>::capacity == 1 && sizeof(Replay<Wide, 192>) <= 192);
  int kept[4]{};  // of each quarter of 200 samples
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Buffer buffer(seed);
    for (int i = 0; i < 200; ++i) buffer.add({i});
    CHECK(buffer.size() == 16);
    for (std::size_t i = 0; i < 16; ++i) ++kept[buffer[i].number / 50];
    CHECK(buffer.any().number < 200);
  }
  for (const int count : kept) CHECK(std::abs(count - 2000) < 150);
}

}  // namespace
