// EXPECT: Arena: the memory must be an array, a std::array or a span of std::byte.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
using Pool = Model<Sequential<MaxPool<2>>, Shape{10, 10, 1}, params, scalar>;

alignas(Pool::alignment) std::byte memory[Pool::arena_size];
#ifdef GRAVEN_BROKEN
Pool::OnArena model(&memory[0]);
#else
Pool::OnArena model(unchecked, &memory[0]);
#endif
