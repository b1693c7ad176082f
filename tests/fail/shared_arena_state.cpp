// EXPECT: SharedArena: this model remembers from run to run
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[4] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
using Stream = Streaming<Sequential<Conv2D<1, 1, 2>>, Shape{4, 4, 1}, params>;

SharedArena<Stream> arena;
Stream::State state;

void use() {
#ifdef GRAVEN_BROKEN
  arena.use<Stream>();
#else
  arena.use<Stream>(state);
#endif
}
