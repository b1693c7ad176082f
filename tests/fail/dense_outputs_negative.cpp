// EXPECT: Dense: Out, the number of outputs, must be at least 1.
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[24] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Dense<6, -4>>;
#else
using Network = Sequential<Dense<6, 4>>;
#endif

Model<Network, Shape{1, 1, 6}, params> model;
// What is done with the model says nothing more.
alignas(decltype(model)::alignment) std::byte memory[decltype(model)::arena_size];
decltype(model)::OnArena other(memory);
float first(std::span<const float, 6> data) { return other.run(data)[0] + model.run(data)[0]; }
