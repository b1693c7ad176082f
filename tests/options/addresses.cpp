// What compares addresses, where a compiler takes none for sure: functions of every element,
// forwards and in training.
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

namespace {

constexpr Parameters bytes[] = {{.output = {0.1f, 3}}, {.output = {1.0f / 128, 0}}};
constexpr Parameters words[] = {{.output = {1.0f / 4096, 0}, .element = Element::int16},
                                {.output = {1.0f / 32768, 0}}};
constexpr Parameters reals[] = {{.element = Element::float32}, {}};
template <class L, const auto& params> using Of = Model<Sequential<L>, Shape{1, 1, 8}, params>;

constexpr Parameters trained[4]{{.element = Element::float32}};
using Perceptron =
    Trainer<Sequential<Dense<8, 4>, Tanh, Dense<4, 3>>, Shape{1, 1, 8}, trained, TrainPolicy{}>;

static_assert(core::is_same(Tanh::wide, Tanh::wide) && !core::is_null(Tanh::wide));
static_assert(!core::is_same(Tanh::wide, Sigmoid::wide));

}  // namespace

Of<Tanh, bytes> tanh_bytes;
Of<Tanh, words> tanh_words;
Of<GELU, words> gelu_words;
Of<Exp, reals> exponentials;

Perceptron::State state;
alignas(Perceptron::alignment) std::byte memory[Perceptron::arena_size];
float sample[8];

void run_all() {
  tanh_bytes.run();
  tanh_words.run();
  gelu_words.run();
  exponentials.run();
  Perceptron(state, memory).step(sample, 1);
}
