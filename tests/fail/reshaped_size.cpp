// EXPECT: Reshaped: a shape has another number of elements than the activation that is read in it
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
constexpr Shape from{3, 3, 1};
#else
constexpr Shape from{2, 4, 1};
#endif

Model<Sequential<Reshaped<ReLU, from, from>>, Shape{1, 1, 8}, params> model;
