// EXPECT: Detections: all inputs have one row and a pixel per box
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}, {}, {}};
#ifdef GRAVEN_BROKEN
constexpr int boxes = 6, most = 3;
#else
constexpr int boxes = 7, most = 3;
#endif
using Layer = Detections<most, 0, false, 0.5f, 0.5f, 1.0f, 1.0f, 1.0f, 1.0f>;

Model<Graph<Node<Layer, 0, 1, 2>, Outputs<3>>,
      shapes(Shape{1, 7, 4}, Shape{1, boxes, 3}, Shape{1, 7, 4}), params>
    model;
