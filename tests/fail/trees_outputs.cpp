// EXPECT: Trees: numbers of outputs, trees, nodes, leaves must be at least 1, and a leaf have
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int16_t features[2] = {}, children[4] = {-1, -1, -1, -1};
constexpr float thresholds[2] = {}, leaves[1] = {};
constexpr std::int32_t roots[2] = {0, 1};
#ifdef GRAVEN_BROKEN
constexpr std::int64_t base[3] = {};
constexpr int outputs = 3;  // of two trees
#else
constexpr std::int64_t base[2] = {};
constexpr int outputs = 2;
#endif
constexpr Constant constants[] = {{"features", features}, {"thresholds", thresholds},
                                  {"children", children}, {"roots", roots},
                                  {"leaves", leaves},     {"base", base}};
constexpr Parameters params[] = {{}, {.constants = constants}};

Model<Trees<outputs, 2, 2, 1>, Shape{1, 1, 4}, params> model;
