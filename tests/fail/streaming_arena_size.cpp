// EXPECT: Arena: the memory is smaller than what is put there
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
using Stream = Streaming<Sequential<GlobalAvgPool>, Shape{8, 4, 1}, params, scalar>;
#ifdef GRAVEN_BROKEN
constexpr std::size_t size = Stream::arena_size - 1;
#else
constexpr std::size_t size = Stream::arena_size;
#endif

Stream::State state;
alignas(Stream::alignment) std::byte scratch[size];
Stream::OnArena stream(state, scratch);
