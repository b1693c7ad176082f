// EXPECT: Trainer: this layer stands in Trainable<>, but its weights are integers
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using First = Trainable<Dense<4, 4>>;
#else
using First = Dense<4, 4>;
#endif
constexpr std::int8_t filter[16]{1, 2, 3};
constexpr float scale[]{0.01f};
constexpr Parameters params[]{
    {.output = {0.1f, 0}}, {.filter = filter, .scale = scale, .output = {0.1f, 0}}, {}, {}};
using Net = Sequential<First, Dequantize, TrainableDense<4, 2>>;
static_assert(Trainer<Net, Shape{1, 1, 4}, params>::arena_size > 0);
