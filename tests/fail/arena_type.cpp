// EXPECT: Arena: the memory must be an array, a std::array or a span of std::byte.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
using Pool = Model<Sequential<MaxPool<2>>, Shape{10, 10, 1}, params, scalar>;
#ifdef GRAVEN_BROKEN
using Byte = float;
#else
using Byte = std::byte;
#endif

alignas(Pool::alignment) Byte memory[Pool::arena_size];
Pool::OnArena model(memory);
