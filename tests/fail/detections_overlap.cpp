// EXPECT: Detections: `overlap` is above 0 and at most 1, and the scales of y, x, height
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = Detections<3, 2, false, 0.5f, 0.5f, 0.0f, 1.0f, 1.0f, 1.0f>;
#else
using Layer = Detections<3, 2, false, 0.5f, 0.5f, 1.0f, 1.0f, 1.0f, 1.0f>;
#endif
constexpr Parameters params[] = {{}, {}, {}, {}};

Model<Graph<Node<Layer, 0, 1, 2>, Outputs<3>>,
      shapes(Shape{1, 4, 4}, Shape{1, 4, 3}, Shape{1, 4, 4}), params>
    model;
