// Boxes by falling score, without those that a better one overlaps: as TFLM has it, which decodes
// boxes in double and compares them in float.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/detections.hpp"

namespace graven::core::scalar_isa {

namespace detection {

inline constexpr int row = 24;  // bytes of a box in the table

constexpr float at(const std::byte* from, int i) { return load<float>(from + 4 * i); }
constexpr void put(std::byte* to, int i, float x) { store(to + 4 * i, x); }

struct Corners {
  float top, left, bottom, right;

  constexpr float area() const { return (bottom - top) * (right - left); }
};
constexpr Corners corners(const std::byte* box) {
  return {at(box, 0), at(box, 1), at(box, 2), at(box, 3)};
}

// The intersection's part of the union; empty boxes overlap none.
constexpr float overlap(const Corners& a, const Corners& b) {
  if (a.area() <= 0 || b.area() <= 0) return 0;
  const float height =
      (a.bottom < b.bottom ? a.bottom : b.bottom) - (a.top > b.top ? a.top : b.top);
  const float width = (a.right < b.right ? a.right : b.right) - (a.left > b.left ? a.left : b.left);
  const float common = (height > 0 ? height : 0) * (width > 0 ? width : 0);
  return common / (a.area() + b.area() - common);
}

// From centre and size to two corners; `scales` are those of y, x, height, width.
constexpr void decode(const std::byte* box, const std::byte* anchor, const std::byte* scales,
                      std::byte* out) {
  auto number = [](const std::byte* from, int i) { return static_cast<double>(at(from, i)); };
  for (int k = 0; k < 2; ++k) {
    const double side = number(anchor, 2 + k);
    const auto centre =
        static_cast<float>(number(box, k) / number(scales, k) * side + number(anchor, k));
    const auto half = static_cast<float>(
        0.5 * floating_point::exp(number(box, 2 + k) / number(scales, 2 + k)) * side);
    put(out, k, centre - half);
    put(out, 2 + k, centre + half);
  }
}

}  // namespace detection

// Stream: the options, int32 scores per box. Scratch: per box four corners, the score in question,
// and whether it is left.
struct DetectionTables : PlainKernel {
  static constexpr const char* name = "scalar.detections";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::detections);
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return 21 * g.input(v).shape.width;
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 36; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    for (std::int32_t word : v.options.words) to.put(word);
    to.put<std::int32_t>(g.input(v, 1).shape.channels);
  }

  struct Search {
    int boxes, found, most;
    float least, limit;  // of scores, of overlaps
    std::byte *corners, *scores, *left, *table;

    constexpr int best() const {
      int best = -1;
      for (int i = 0; i < boxes; ++i)
        if (left[i] != std::byte{0} &&
            (best < 0 || detection::at(scores, i) > detection::at(scores, best)))
          best = i;
      return best;
    }
    // A box of the table, behind those that are as good.
    constexpr void take(int box, int kind) {
      const float score = detection::at(scores, box);
      int place = found;
      for (; place > 0 && detection::at(table, 6 * place - 1) < score; --place)
        if (place < most) copy_bytes(line(place), line(place - 1), detection::row);
      if (place >= most) return;
      copy_bytes(line(place), corners + 16 * box, 16);
      detection::put(line(place), 4, static_cast<float>(kind));
      detection::put(line(place), 5, score);
      if (found < most) ++found;
    }
    constexpr std::byte* line(int place) const { return table + detection::row * place; }
    // All boxes from the least score on; kind_of(box) is the class.
    template <class KindOf> constexpr void run(int wanted, KindOf kind_of) {
      for (int i = 0; i < boxes; ++i)
        left[i] = std::byte{detection::at(scores, i) >= least ? std::uint8_t{1} : std::uint8_t{0}};
      for (int box = best(); box >= 0 && wanted > 0; box = best(), --wanted) {
        take(box, kind_of(box));
        left[box] = std::byte{0};
        const auto own = detection::corners(corners + 16 * box);
        for (int i = 0; i < boxes; ++i)
          if (left[i] != std::byte{0} &&
              detection::overlap(own, detection::corners(corners + 16 * i)) > limit)
            left[i] = std::byte{0};
      }
    }
  };

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const int per_class = from.next<std::int32_t>(), first = from.next<std::int32_t>();
    const float least = from.next<float>(), limit = from.next<float>();
    const int boxes = t.in_width, most = t.out_width - 1, last = 24 * most;
    Search search{boxes,
                  0,
                  most,
                  least,
                  limit,
                  band.scratch,
                  band.scratch + 16 * boxes,
                  band.scratch + 20 * boxes,
                  band.out[0]};
    for (int i = 0; i < boxes; ++i)
      detection::decode(band.rows[0] + 4 * i * t.in_channels, band.rows[2] + 16 * i, from.at,
                        search.corners + 16 * i);
    fill_bytes(band.out[0], std::byte{0}, last + detection::row);
    const int classes = load_aligned<std::int32_t>(t.stream + 32) - first;
    auto score = [&](int box, int kind) {
      return detection::at(band.rows[1], box * (classes + first) + first + kind);
    };
    auto best_kind = [&](int box) {
      int best = 0;
      for (int k = 1; k < classes; ++k)
        if (score(box, k) > score(box, best)) best = k;
      return best;
    };
    for (int kind = 0; kind < (per_class > 0 ? classes : 1); ++kind) {
      for (int i = 0; i < boxes; ++i)
        detection::put(search.scores, i, score(i, per_class > 0 ? kind : best_kind(i)));
      if (per_class > 0)
        search.run(per_class, [&](int) { return kind; });
      else
        search.run(most, best_kind);
    }
    detection::put(band.out[0] + last, 0, static_cast<float>(search.found));
  }
};

}  // namespace graven::core::scalar_isa
