#include "support.hpp"

#include <algorithm>

using namespace test;

namespace {

template <int per_class>
using Best = graven::Detections<3, per_class, true, 0.5f, 0.5f, 10.0f, 10.0f, 5.0f, 5.0f>;
static_assert(output_of<Best<0>, At{{1, 7, 4}, 0}, At{{1, 7, 3}, 0}, At{{1, 7, 4}, 0}> ==
              Shape{1, 4, 6});

constexpr Parameters params[]{{}, {}, {}, {}};

// Boxes at their anchors: the second one lies on the first, the third far away.
template <int per_class> std::array<float, 24> found(std::array<float, 9> scores) {
  using M = Model<Graph<Node<Best<per_class>, 0, 1, 2>, Outputs<3>>,
                  shapes(Shape{1, 3, 4}, Shape{1, 3, 3}, Shape{1, 3, 4}), params>;
  static M model;
  const auto anchors = floats(1, 1, 2, 2, 1, 1.25, 2, 2, 5, 5, 2, 4);
  std::fill(model.template input<0>().begin(), model.template input<0>().end(), 0.0f);
  std::copy(scores.begin(), scores.end(), model.template input<1>().begin());
  std::copy(anchors.begin(), anchors.end(), model.template input<2>().begin());
  const auto output = model.run();
  std::array<float, 24> table{};
  std::copy(output.begin(), output.end(), table.begin());
  return table;
}

}  // namespace

TEST_CASE("Detections: each box of its best class, without those that a better one overlaps") {
  // background, then two classes
  const auto table = found<0>(floats(0, 0.7, 0.1, 0, 0.2, 0.8, 0, 0.4, 0.6));
  CHECK(table ==
        floats(0, 0.25, 2, 2.25, 1, 0.8, 4, 3, 6, 7, 1, 0.6, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0));
}

TEST_CASE("Detections: the best ones of every class") {
  const auto table = found<2>(floats(0, 0.7, 0.55, 0, 0.2, 0.8, 0, 0.75, 0.6));
  CHECK(table == floats(0, 0.25, 2, 2.25, 1, 0.8, 4, 3, 6, 7, 0, 0.75, 0, 0, 2, 2, 0, 0.7, 3, 0, 0,
                        0, 0, 0));
}
