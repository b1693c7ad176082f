// EXPECT: Bidirectional: what reads from the end cannot go on from run to run
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr Recurrence how{};
#else
constexpr Recurrence how{.stateful = false};
#endif
using Net = Bidirectional<GRU<2, how>>;
static_assert(core::detail::count_layers<Net>() == 5);
