// A Dense layer: 24 weights, and some 200 bytes with its tables.
#pragma once

#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t weights[6 * 4]{};
constexpr float scales[] = {0.1f};
constexpr Parameters params[] = {{.output = {0.1f, 0}},
                                 {.filter = weights, .scale = scales, .output = {0.1f, 0}}};

template <int limit>
using Limited = Model<Sequential<Dense<6, 4>>, Shape{1, 1, 6}, params, scalar,
                      plan::in_flash(plan::fastest, limit)>;
