// EXPECT: Arena: the memory is smaller than what is put there
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}, {}, {}};
constexpr plan::Policy policy{.fast = 64};
using Pool =
    Model<Sequential<MaxPool<2>, Tanh, MaxPool<2>>, Shape{10, 10, 1}, params, scalar, policy>;

alignas(Pool::alignment) std::byte fast[Pool::fast_size];
alignas(Pool::alignment) std::byte slow[Pool::slow_size];
#ifdef GRAVEN_BROKEN
Pool::OnArenas model(slow, fast);
#else
Pool::OnArenas model(fast, slow);
#endif
