#include "../policies.hpp"

TEST_CASE("the outputs of plan::inspectable") {
  test::check_policies<graven::Element::int8, test::streamed, 5>();
}
