// EXPECT: LSTM, GRU, SimpleRNN: the weights of all gates, Units times the channels of the
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = LSTM<46341>;
#else
using Layer = ReLU;
#endif
constexpr Parameters params[] = {{}, {}};

Model<Sequential<Layer>, Shape{1, 1, 1}, params> model;
