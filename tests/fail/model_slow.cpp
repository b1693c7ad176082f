// EXPECT: Model: what the fast region does not hold needs more of the slow one than the plan's
// `slow`
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
#ifdef GRAVEN_BROKEN
constexpr int limit = 64;
#else
constexpr int limit = 128;
#endif
constexpr plan::Policy policy{.fast = 32, .slow = limit};

alignas(8) std::byte fast[32], slow[128];
ModelOn<Sequential<MaxPool<2>>, Shape{10, 10, 1}, params, scalar, policy> model(fast, slow);
