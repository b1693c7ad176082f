// Detections: the boxes of a detector that are left by non-maximum suppression
//
//   Detections<10, 0, true, 0.5f, 0.6f, 10.0f, 10.0f, 5.0f, 5.0f>
//
// At most `most` of them; of every class `per_class` ones, or if that is 0, each box of its best
// class alone. Inputs, float32, a pixel per box: its centre and size (y, x, height, width, by the
// scales, relative to its anchor), a score per class, behind one for the background if there is
// such, and the anchors. A box counts from the score `least` on, if it shares less than `overlap`
// of its union with every better one. The output is a row per box: y, x, y, x of its corners, class
// and score, zeros behind the last; the first number of one more row is how many there are.
// TFLite's TFLite_Detection_PostProcess has the columns as outputs of their own.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op detections{"detections"};
}

struct DetectionsOptions {
  int per_class = 0, background = 0;
  float least = 0, overlap = 0, y = 1, x = 1, height = 1, width = 1;
};

template <int most, int per_class, bool background, Real least, Real overlap, Real y, Real x,
          Real height, Real width>
struct Detections {
  static constexpr const char* op = "TFLite_Detection_PostProcess";

  template <At boxes, At scores, At anchors> static constexpr Shape output() {
    constexpr int count = boxes.shape.width;
    constexpr bool fits =
        boxes.shape == Shape{1, count, boxes.shape.channels} && boxes.shape.channels >= 4 &&
        scores.shape == Shape{1, count, scores.shape.channels} &&
        scores.shape.channels > (background ? 1 : 0) && anchors.shape == Shape{1, count, 4};
    static_assert(
        fits || error::shape_mismatch<error::at_layer<boxes.layer>>,
        "Detections: all inputs have one row and a pixel per box: four numbers or more of "
        "the box, a score per class, four numbers of the anchor.");
    constexpr bool counted = most > 0 && per_class >= 0;
    static_assert(counted || error::out_of_range<error::at_layer<boxes.layer>>,
                  "Detections: `most` is at least 1, `per_class` 0 or more.");
    constexpr bool real = overlap.value() > 0 && overlap.value() <= 1 && y.value() > 0 &&
                          x.value() > 0 && height.value() > 0 && width.value() > 0;
    static_assert(real || error::out_of_range<error::at_layer<boxes.layer>>,
                  "Detections: `overlap` is above 0 and at most 1, and the scales of y, x, height "
                  "and width, by which boxes are divided, are positive.");
    constexpr bool sound = counted && real;
    return fits && sound ? Shape{1, saturated(std::int64_t{most} + 1), 6} : no_shape;
  }

  template <At boxes, At scores, At anchors, class Lowering>
  static constexpr View lower(Lowering& l, View box, View score, View anchor) {
    View inputs[]{l.with_rows(box, boxes.layer), l.with_rows(score, boxes.layer),
                  l.with_rows(anchor, boxes.layer)};
    Value v = l.begin(core::op::detections, boxes.layer, {1, most + 1, 6}, inputs[0]);
    v.options.set(DetectionsOptions{per_class, background ? 1 : 0, least.value(), overlap.value(),
                                    y.value(), x.value(), height.value(), width.value()});
    return l.add_many(v, inputs, 3);
  }
};

}  // namespace graven::core
