// EXPECT: Model: height, width and channels of an input must each be at least 1.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
constexpr Shape shape{-2, -4, 2};
#else
constexpr Shape shape{4, 4, 2};
#endif

Model<Sequential<ReLU>, shape, params> model;
