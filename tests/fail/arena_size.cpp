// EXPECT: Arena: the memory is smaller than what is put there
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
using Pool = Model<Sequential<MaxPool<2>>, Shape{10, 10, 1}, params, scalar>;
#ifdef GRAVEN_BROKEN
constexpr std::size_t size = Pool::arena_size - 1;
#else
constexpr std::size_t size = Pool::arena_size;
#endif

alignas(Pool::alignment) std::byte memory[size];
Pool::OnArena model(memory);
