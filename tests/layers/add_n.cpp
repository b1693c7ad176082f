// int8 values: the numpy reference, which tests hold against TFLM.
#include "support.hpp"

using namespace test;

static_assert(output_of<AddN, At{{3, 4, 5}, 0}, At{{3, 4, 5}, 0}, At{{3, 4, 5}, 0}> ==
              Shape{3, 4, 5});

using Net = Graph<Node<AddN, 0, 0, 0>, Outputs<1>>;

constexpr Parameters params[] = {{.output = {0.1f, -5}}, {.output = {0.2f, 3}}};
TEST_CASE("int8") {
  check_equal<Model<Net, Shape{1, 2, 2}, params>, int8s(-128, 0, 5, 127),
              int8s(-128, 13, 21, 127)>();
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32") {
  check_near<Model<Net, Shape{3, 1, 1}, real_params>>(floats(1, -2, 3), floats(3, -6, 9));
}
