// EXPECT: Shape: height, width and channels of an input may be at most 65535
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
constexpr Shape shape{1, 65536, 1};
#else
constexpr Shape shape{1, 65535, 1};
#endif

Model<Sequential<ReLU>, shape, params> model;
