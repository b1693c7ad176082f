// EXPECT: Confusion: the number of classes must be at least 1.
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr int classes = 0;
#else
constexpr int classes = 2;
#endif
constinit metric::Confusion<classes> confusion{};
