// EXPECT: LSTM, GRU, SimpleRNN: Units must be at least 1.
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = LSTM<0>;
#else
using Layer = ReLU;
#endif
constexpr Parameters params[] = {{}, {}};

Model<Sequential<Layer>, Shape{1, 1, 1}, params> model;
