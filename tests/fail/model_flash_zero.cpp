// EXPECT: Model: the weights need more flash than plan::in_flash allows
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t weights[6 * 4]{};
constexpr float scales[] = {0.1f};
constexpr Parameters params[] = {{.output = {0.1f, 0}},
                                 {.filter = weights, .scale = scales, .output = {0.1f, 0}}};
#ifdef GRAVEN_BROKEN
constexpr int limit = 100 - 200;  // code left nothing
#else
constexpr int limit = 200 - 100;
#endif

Model<Sequential<Dense<6, 4>>, Shape{1, 1, 6}, params, scalar, plan::in_flash(plan::fastest, limit)>
    model;
