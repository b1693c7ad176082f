// Training steps per second of dense networks at batch 1, beside naive loops.
//
//   g++ -std=c++20 -O2 -mavx2 -ffp-contract=off -Iinclude benchmarks/training.cpp -o training
//   ./training
#include <graven/graven.hpp>
#include <graven/train.hpp>

#include <cstdio>
#include <ctime>

namespace {

using namespace graven;

// Calls step() for half a second of processor time.
template <class Step> double per_second(Step step) {
  int count = 0;
  const std::clock_t start = std::clock();
  double seconds = 0;
  for (; seconds < 0.5; seconds = double(std::clock() - start) / CLOCKS_PER_SEC, count += 50)
    for (int i = 0; i < 50; ++i) step();
  return count / seconds;
}

template <int size> void fill(float (&to)[size], float scale, Random& random) {
  for (float& x : to) x = scale * random.normal();
}

// A layer as one writes it without thinking of the machine.
template <int In, int Out> struct Loops {
  float weights[Out][In], bias[Out], out[Out], gradient[Out];

  explicit Loops(Random& random) {
    for (auto& row : weights) fill(row, 0.1f, random);
    fill(bias, 0.1f, random);
  }
  void forward(const float* x, bool clamps) {
    for (int o = 0; o < Out; ++o) {
      float sum = bias[o];
      for (int i = 0; i < In; ++i) sum += weights[o][i] * x[i];
      out[o] = sum > 0 || !clamps ? sum : 0;
    }
  }
  void backward(const float* x, float* to) const {
    for (int i = 0; i < In; ++i) {
      float sum = 0;
      for (int o = 0; o < Out; ++o) sum += gradient[o] * weights[o][i];
      to[i] = x[i] > 0 ? sum : 0;
    }
  }
  void update(const float* x, float rate) {
    for (int o = 0; o < Out; ++o) {
      for (int i = 0; i < In; ++i) weights[o][i] -= rate * gradient[o] * x[i];
      bias[o] -= rate * gradient[o];
    }
  }
};

constexpr Parameters empty[4]{};
constexpr TrainPolicy policy{.loss = loss::mse, .optimizer = optimizer::sgd(0.001f)};

template <int A, int B, int C, int D> void measure() {
  using Net = Sequential<Dense<A, B, relu>, Dense<B, C, relu>, Dense<C, D>>;
  using T = Trainer<Net, Shape{1, 1, A}, empty, policy>;
  static typename T::State state;
  alignas(T::alignment) static std::byte memory[T::arena_size];
  T trainer(state, memory);
  trainer.initialize(Initializer::he_uniform, 1);
  Random random(1);
  static float x[A], wanted[D];
  fill(x, 1, random);
  fill(wanted, 1, random);
  const double ours = per_second([&] { static_cast<void>(trainer.step(x, wanted)); });

  static Loops<A, B> first(random);
  static Loops<B, C> second(random);
  static Loops<C, D> third(random);
  const double loops = per_second([&] {
    first.forward(x, true);
    second.forward(first.out, true);
    third.forward(second.out, false);
    for (int i = 0; i < D; ++i) third.gradient[i] = 2 * (third.out[i] - wanted[i]) / D;
    third.backward(second.out, second.gradient);
    second.backward(first.out, first.gradient);
    third.update(second.out, 0.001f);
    second.update(first.out, 0.001f);
    first.update(x, 0.001f);
  });
  std::printf("%d-%d-%d-%d: %.0f steps per second, naive loops %.0f\n", A, B, C, D, ours, loops);
}

}  // namespace

int main() {
  measure<128, 256, 128, 64>();
  measure<256, 384, 256, 128>();
  measure<384, 512, 384, 192>();
  return 0;
}
