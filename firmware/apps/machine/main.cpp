// An autoencoder that hears whether a machine is sound: what it cannot make again is unusual. It
// knows eight machines and is put on a ninth, where it learns its last layer and its threshold
// while that runs in. The same on every machine.
#include <graven/graven.hpp>
#include <graven/train.hpp>

#include "machine.hpp"
#include "running.hpp"
#include "tested.hpp"

#include <array>
#include <runtime.hpp>

namespace {
using namespace graven;

constexpr TrainPolicy policy{.loss = loss::mse, .learns = learns::head};
using Listener = Trainer<machine::Network, machine::input, machine::params, policy>;
constexpr std::size_t features = Listener::input_size;
constexpr std::size_t weights = 4 * (features * 48 + features);
static_assert(Listener::state_size <= weights + 64 && Listener::arena_size <= 1536);

constexpr std::uint32_t rounds = 5, learned = running::count * 3 / 4;  // the rest: the threshold
constexpr schedule::Cosine rates{0.2f, 0.0f, rounds* learned};

Listener::State state;
alignas(Listener::alignment) std::byte memory[Listener::arena_size];

using Sound = std::array<float, features>;
template <class Image> Sound real(const Image& image) {
  Sound to;
  const Quant q = machine::params[0].output;
  for (std::size_t i = 0; i < features; ++i)
    to[i] = static_cast<float>(image[i] - q.zero_point) * q.scale;
  return to;
}
// What is usual: of each feature the mean square of how far it is made again; when that is large,
// and where an alarm is due.
struct Usual {
  Sound squares;
  float threshold = 0;
};

// How strange a sound is: the mean over the features of the squared error, in units of the usual.
template <class Image>
float strangeness(Listener& listener, const Image& image, const Usual& usual) {
  const Sound heard = real(image);
  const auto made = listener.run(image);
  float sum = 0;
  for (std::size_t i = 0; i < features; ++i)
    sum += (made[i] - heard[i]) * (made[i] - heard[i]) / usual.squares[i];
  return sum / static_cast<float>(features);
}
void learn(Listener& listener) {
  for (std::uint32_t step = 0; step < rounds * learned; ++step) {
    const auto& image = running::images[step % learned];
    listener.set_rate(rates(step));
    listener.step(image, real(image));
  }
}
// The threshold: mean and three deviations of what the last quarter of the time has been like, by
// Welford's recurrence.
void set_threshold(Listener& listener, Usual& usual) {
  metric::RunningMean mean;
  float squares = 0;
  for (std::uint32_t i = learned; i < running::count; ++i) {
    const float x = strangeness(listener, running::images[i], usual), before = mean.value;
    mean.add(x);
    squares += (x - before) * (x - mean.value);
  }
  const float variance = squares / static_cast<float>(mean.count - 1);
  usual.threshold = mean.value + 3 * core::floating_point::sqrt(variance);
}
Usual usual_of(Listener& listener) {
  Usual usual;
  for (std::size_t i = 0; i < features; ++i) usual.squares[i] = 1e-3f;
  for (std::uint32_t n = learned; n < running::count; ++n) {
    const Sound heard = real(running::images[n]);
    const auto made = listener.run(running::images[n]);
    for (std::size_t i = 0; i < features; ++i)
      usual.squares[i] += (made[i] - heard[i]) * (made[i] - heard[i]) /
                          static_cast<float>(running::count - learned);
  }
  set_threshold(listener, usual);
  return usual;
}
void answer(Listener& listener, const char* name, const Usual& usual) {
  std::array<float, tested::count> found;
  std::uint32_t pairs = 0, in_order = 0, alarms = 0, faults = 0, false_alarms = 0;
  for (std::size_t i = 0; i < tested::count; ++i) {
    found[i] = strangeness(listener, tested::images[i], usual);
    const bool is_faulty = tested::labels[i] == 1, alarm = found[i] > usual.threshold;
    if (is_faulty) ++faults;
    if (alarm) ++(is_faulty ? alarms : false_alarms);
  }
  for (std::size_t i = 0; i < tested::count; ++i)  // the area under the ROC curve
    for (std::size_t k = 0; k < tested::count; ++k)
      if (tested::labels[i] == 0 && tested::labels[k] == 1) {
        ++pairs;
        if (found[k] > found[i]) ++in_order;
      }
  firmware::print_line(name, " area_per_mille ", in_order * 1000 / pairs, " alarms ", alarms,
                       " of ", faults, " false_alarms ", false_alarms, " of ",
                       static_cast<std::uint32_t>(tested::count) - faults);
}
}  // namespace

int main() {
  Listener listener(state, memory);
  Usual plain;
  plain.squares.fill(1);
  set_threshold(listener, plain);
  answer(listener, "as_it_came", plain);
  answer(listener, "scaled", usual_of(listener));
  const auto cost =
      firmware::measure([](void* to) { learn(*static_cast<Listener*>(to)); }, &listener);
  answer(listener, "adapted", usual_of(listener));
  firmware::print_line("state_bytes ", Listener::state_size, "\narena_bytes ", Listener::arena_size,
                       "\nmodel_arena_bytes ", machine::Model::arena_size);
  if (firmware::counter_unit() == firmware::Unit::instructions)
    firmware::print_line("instructions_per_step ", cost.count / (rounds * learned));
  firmware::print("weights ");
  firmware::print_hex(firmware::hash(state.rows));
  firmware::print_line("\nend");
  return 0;
}
