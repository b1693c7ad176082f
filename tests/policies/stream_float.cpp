#include "../policies.hpp"

TEST_CASE("the outputs of plan::inspectable") {
  test::check_policies<graven::Element::float32, test::streamed, 8>();
}
