// Networks whose every row depends on where the window begins: exact, and computed whole.
#include "../streams.hpp"

using namespace test;

namespace {

using Weighed = Case<Graph<Node<Conv2D<1, 2, 3>, 0>, Node<GlobalAvgPool, 1>, Node<Add, 1, 2>,
                           Node<Conv2D<2, 3, 3>, 3>, Outputs<4>>,
                     Shape{9, 5, 1}>;

constexpr StreamPolicy recomputed{.padding = TimePadding::recomputed};

}  // namespace

TEST_CASE("recomputed at every push") {
  check_streams<Weighed, recomputed>();
  for_each(All{}, []<class C>(C) {
    if constexpr (std::is_same_v<decltype(C::input), const Shape>)
      check_stream<C, Element::int8, 7, recomputed>();
  });
}
