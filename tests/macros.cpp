// What Arduino's cores and CMSIS define before our headers does no harm, nor do a user's names
// behind `using namespace graven`.
#include <array>
#include <bit>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <span>
#include <type_traits>
#include <utility>

// clang-format off
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define abs(x) ((x) > 0 ? (x) : -(x))
#define round(x) ((x) >= 0 ? (long)((x) + 0.5) : (long)((x)-0.5))
#define constrain(x, low, high) ((x) < (low) ? (low) : (x) > (high) ? (high) : (x))
#define radians(x) ((x)*DEG_TO_RAD)
#define degrees(x) ((x)*RAD_TO_DEG)
#define sq(x) ((x) * (x))
#define bit(b) (1UL << (b))
#define word(...) makeWord(__VA_ARGS__)
#define lowByte(w) ((unsigned char)((w)&0xff))
#define highByte(w) ((unsigned char)((w) >> 8))
#define bitRead(value, b) (((value) >> (b)) & 1)
#define bitSet(value, b) ((value) |= (1UL << (b)))
#define bitClear(value, b) ((value) &= ~(1UL << (b)))
#define bitWrite(value, b, to) ((to) ? bitSet(value, b) : bitClear(value, b))
#define interrupts() sei()
#define noInterrupts() cli()
#define F(text) (reinterpret_cast<const __FlashStringHelper*>(PSTR(text)))
#define _BV(b) (1 << (b))
#define PI 3.1415926535897932384626433832795
#define HALF_PI 1.5707963267948966192313216916398
#define TWO_PI 6.283185307179586476925286766559
#define DEG_TO_RAD 0.017453292519943295769236907684886
#define RAD_TO_DEG 57.295779513082320876798154814105
#define EULER 2.718281828459045235360287471352
#define B0 0
#define B1 1
#define B10 2
#define B11 3
#define HIGH 0x1
#define LOW 0x0
#define INPUT 0x0
#define OUTPUT 0x1
#define CHANGE 1
#define FALLING 2
#define RISING 3
#define DEFAULT 1
#define EXTERNAL 0
#define INTERNAL 3
#define SERIAL 0x0
#define DISPLAY 0x1
#define LSBFIRST 0
#define MSBFIRST 1
// CMSIS and what comes with it
#define __I volatile const
#define __O volatile
#define __IO volatile
#define UNUSED(x) (void)(x)
#define SET_BIT(r, b) ((r) |= (b))
#define CLEAR_BIT(r, b) ((r) &= ~(b))
#define READ_BIT(r, b) ((r) & (b))
#define assert_param(x) ((void)0)
#define FLASH 0
#define RTC 0
#define TIM1 0
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define BIT(n) (1UL << (n))
#define CLAMP(x, low, high) (x)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
// clang-format on

#include <graven/beam.hpp>
#include <graven/graven.hpp>
#include <graven/sampling.hpp>
#include <graven/train.hpp>

// A user's globals: with -Wshadow, too, nothing that is instantiated below is about them.
extern int a, b, c, g, i, k, m, n, p, r, s, t, v, w, x, y;
extern int at, band, bytes, count, from, graph, in, index, input, layer, left, out, output, params,
    rate, row, rows, scale, shape, size, state, step, steps, task, to, top, total, value, width;

using namespace graven;

// What the headers above do not name for users is the user's, here as a type.
#define NAME(name)                                                                                 \
  struct name {};                                                                                  \
  static_assert(sizeof(name*) > 0);
// clang-format off
NAME(Band) NAME(Block) NAME(Buffer) NAME(Bytes) NAME(Candidate) NAME(Channel) NAME(Check)
NAME(Clamp) NAME(Config) NAME(Engine) NAME(Error) NAME(Facts) NAME(Feed) NAME(Flash) NAME(Form)
NAME(Gradient) NAME(GraphView) NAME(Item) NAME(Kernel) NAME(Layer) NAME(Layout) NAME(Lowering)
NAME(Memory) NAME(Multiplier) NAME(Op) NAME(Options) NAME(Place) NAME(Plan) NAME(Port)
NAME(Progress) NAME(Reader) NAME(Region) NAME(Result) NAME(Row) NAME(RowForm) NAME(Rows)
NAME(Rule) NAME(Sample) NAME(Scale) NAME(Schedule) NAME(Score) NAME(Slots) NAME(State) NAME(Step)
NAME(Steps) NAME(Stream) NAME(Table) NAME(Tables) NAME(Task) NAME(Tensor) NAME(Text) NAME(Token)
NAME(Tokens) NAME(Trait) NAME(Tree) NAME(Value) NAME(View) NAME(Weights) NAME(Words) NAME(Writer)
// clang-format on
#undef NAME

                                        namespace {

  using Network = Sequential<Conv2D<1, 4, 3, 1, Padding::same>, ReLU,
                             DepthwiseConv2D<4, 1, 3, 1, Padding::same>, MaxPool<2>, AvgPool<2>,
                             Flatten, Dense<16, 3>, Softmax>;
  constexpr std::int8_t weights[36] = {1, -2, 3, 4, -5, 6, 7, 8, -9}, dense[48] = {1, 2, 3, -4};
  constexpr float scale[] = {0.02f};
  constexpr Parameters params[] = {{.output = {0.5f, 3}},
                                   {.filter = weights, .scale = scale, .output = {0.5f, -3}},
                                   {},
                                   {.filter = weights, .scale = scale, .output = {0.5f, 5}},
                                   {},
                                   {},
                                   {},
                                   {.filter = dense, .scale = scale, .output = {0.1f, 0}},
                                   {.output = {1.0f / 256, -128}}};
  using Small = Model<Network, Shape{8, 8, 1}, params>;

  constexpr std::array<std::int8_t, 64> image{9, 8, 7};
  static_assert(evaluate<Small>(image)[0] > -128);

}  // namespace

using Learner = Sequential<TrainableDense<6, 3>>;
constexpr Parameters learned[] = {{}, {}};
using Tuned = Trainer<Learner, Shape{1, 1, 6}, learned,
                      TrainPolicy{.optimizer = optimizer::adam(0.01f), .clip = {.norm = 1.0f}}>;

constexpr float vectors[4 * 4] = {0.5f, -1.0f, 2.0f};
constexpr Constant table[] = {{"table", vectors}};
using Language = Graph<Node<Embedding<4, 4>, 0>, Node<Attention<1, 1, 4, sliding(8)>, 1, 1, 1>,
                       Node<Dense<4, 4>, 2>, Outputs<3>>;
constexpr Parameters words[] = {
    {.element = Element::int32}, {.constants = table}, {}, {.filter = vectors}};
using Writes = Model<Language, Shape{1, 1, 1}, words>;

// Kernels are compiled, too.
int run_with_macros();
int run_with_macros() {
  static Small model;
  static Tuned::State weights_and_moments;
  alignas(Tuned::alignment) static std::byte memory[Tuned::arena_size];
  Tuned trainer(weights_and_moments, memory);
  constexpr std::array<float, 6> sample{1.0f, -2.0f};
  trainer.step(sample, 1);
  static Writes writes;
  writes.input()[0] = 1;
  Sampler<4> sampler;
  Random random(3);
  const int token = sampler(writes.run(), Writes::output_quant(), {.top_k = 2}, random);
  return argmax(model.run(image)) + argmax(trainer.run(sample)) + token;
}
