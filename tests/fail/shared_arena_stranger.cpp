// EXPECT: SharedArena: this model is not one of those that the arena was made for. Add it to the
// template arguments.
#include "graven/graven.hpp"

using namespace graven;

constexpr Parameters params[] = {{.output = {1.0f, 0}}, {}};
using A = Model<Sequential<MaxPool<2>>, Shape{2, 2, 1}, params>;
using B = Model<Sequential<MaxPool<4>>, Shape{4, 4, 1}, params>;

int main() {
  SharedArena<A> arena;
#ifdef GRAVEN_BROKEN
  arena.use<B>();
#else
  arena.use<A>();
#endif
}
