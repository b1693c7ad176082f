// EXPECT: evaluate: the input array has a different size than the model's input.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
using Pool = Model<Sequential<MaxPool<2>>, Shape{2, 2, 1}, params>;
#ifdef GRAVEN_BROKEN
constexpr std::array<std::int8_t, 5> input{1, 2, 3, 4, 5};
#else
constexpr std::array<std::int8_t, 4> input{1, 2, 3, 4};
#endif

constexpr auto output = evaluate<Pool>(input);
