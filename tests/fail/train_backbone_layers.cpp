// EXPECT: Backbone: the number of its layers must be from 1
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr int count = 3;
#else
constexpr int count = 2;
#endif
static_assert(Backbone<Sequential<Tanh, ReLU>, count>::layers > 0);
