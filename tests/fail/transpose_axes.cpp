// EXPECT: Transpose: the three numbers must be 0, 1 and 2 in some order
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
constexpr int channels = 0;
#else
constexpr int channels = 2;
#endif
Model<Sequential<Transpose<1, 0, channels>>, Shape{2, 2, 4}, params> model;
