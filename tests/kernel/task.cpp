#include <graven/graven.hpp>

#include <doctest/doctest.h>

using namespace graven;

using namespace graven::core;

constexpr std::int8_t filter[36] = {};
constexpr float scale[] = {1};
constexpr Parameters params[] = {{.output = {0.1f, -3}},
                                 {.filter = filter, .scale = scale, .output = {0.1f, 7}}};
using Layer = Conv2D<2, 3, Extent{2, 3}, Extent{1, 2}, same, relu6, Extent{1, 2}>;
constexpr auto graph = graph_of<Sequential<Layer>, std::array{Shape{5, 8, 2}}, params, true>;

constexpr Task task = make_task(graph.view(), graph.values[1], 2);
static_assert(task.in_width == 8 && task.in_channels == 2 && task.in_height == 5);
static_assert(task.out_width == 4 && task.out_channels == 3 && task.rows == 2);
static_assert(task.filter_width == 3 && task.stride_width == 2 && task.dilation_width == 2);
static_assert(task.left == 1);  // (3 * 2 + 5 - 8) / 2
static_assert(task.in_zero == -3 && task.out_zero == 7 && task.low == 7 && task.high == 67);

static_assert(clamp(-1.0f, real_range(relu)) == 0 && clamp(1e30f, real_range(relu)) == 1e30f);
static_assert(clamp(7.0f, real_range(relu6)) == 6 && clamp(-7.0f, real_range(none)) == -7);
static_assert(clamp(-7.0f, real_range(relu_n1_to_1)) == -1 &&
              clamp(0.5f, real_range(relu_n1_to_1)) == 0.5f);

TEST_CASE("a task is small: there is one per value in flash") {
  CHECK(sizeof(Task) <= 2 * sizeof(void*) + 32);
}
