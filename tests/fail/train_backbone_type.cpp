// EXPECT: Backbone: the network must be a Graph of Nodes or a Sequential
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Net = Tanh;
#else
using Net = Sequential<Tanh>;
#endif
constexpr Parameters params[2]{};
Model<Backbone<Net, 1>, Shape{1, 1, 4}, params> model;
