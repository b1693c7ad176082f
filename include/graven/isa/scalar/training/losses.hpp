// How far the network is from what it should say, and in which direction.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/graph/training.hpp"
#include "graven/isa/scalar/training/sums.hpp"
#include "graven/kernel/prefer.hpp"

#include <limits>

namespace graven::core::scalar_isa {

// Means over all elements, as PyTorch's losses.
template <LossKind kind> struct LossOf {
  // Of a score y, without log(0): max(y, 0) - y * t + log(1 + exp(-|y|)).
  static constexpr float by_score(float y, float t) {
    const float rest = floating_point::log(1 + floating_point::exp(-floating_point::magnitude(y)));
    return (y > 0 ? y : 0) - y * t + rest;
  }
  static constexpr float loss(float y, float wanted, float delta) {
    if (kind == LossKind::binary_cross_entropy) return by_score(y, wanted);
    const float difference = y - wanted;
    const float size = floating_point::magnitude(difference);
    if (kind == LossKind::mse) return difference * difference;
    if (kind == LossKind::mae) return size;
    return size < delta ? difference * difference / 2 : delta * (size - delta / 2);
  }
  static constexpr float slope(float y, float wanted, float delta) {
    if (kind == LossKind::binary_cross_entropy) return 1 / (1 + floating_point::exp(-y)) - wanted;
    const float difference = y - wanted;
    if (kind == LossKind::mse) return 2 * difference;
    const float limit = kind == LossKind::mae ? 0 : delta;
    if (floating_point::magnitude(difference) < limit) return difference;
    if (difference == 0) return difference;
    return floating_point::with_sign_of(kind == LossKind::mae ? 1.0f : delta, difference);
  }
};

// Stream: float 1 / count, delta. Of softmax_cross_entropy the first input is what softmax makes of
// the scores, and the second the class of each pixel; a label that is no class adds nothing.
struct Losses : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 8; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto loss = v.options.get<Loss>();
    const Shape s = g.input(v).shape;
    const bool by_pixel = loss.kind == LossKind::softmax_cross_entropy;
    to.put(1.0f / static_cast<float>(by_pixel ? s.pixels() : s.size()));
    to.put(loss.delta.value());
  }
  static constexpr float share(const Task& t) { return load_aligned<float>(t.stream); }
  static constexpr float delta(const Task& t) { return load_aligned<float>(t.stream + 4); }
  static constexpr bool is_class(int label, int classes) { return label >= 0 && label < classes; }
};

// One number, summed row by row.
template <LossKind kind> struct LossValue : Losses {
  static constexpr int scratch(const GraphView&, const Value&) { return 4; }

  static constexpr void run(const Task& t, const Band& band) {
    float sum = band.first ? 0 : load<float>(band.scratch);
    const std::byte *y = band.rows[0], *wanted = band.rows[1];
    if constexpr (kind == LossKind::softmax_cross_entropy) {
      for (int x = 0; x < t.in_width; ++x, y += 4 * t.in_channels, wanted += 4) {
        const int label = load<std::int32_t>(wanted);
        if (!is_class(label, t.in_channels)) continue;
        constexpr float least = (std::numeric_limits<float>::min)();
        const float share = load<float>(y + 4 * label);
        sum -= floating_point::log(share < least ? least : share);
      }
    } else {
      for (int i = t.in_width * t.in_channels; i > 0; --i, y += 4, wanted += 4)
        sum += LossOf<kind>::loss(load<float>(y), load<float>(wanted), delta(t));
    }
    store(band.last ? band.out[0] : band.scratch, band.last ? sum * share(t) : sum);
  }
};

template <LossKind kind> struct LossGradient : Losses {
  static constexpr void run(const Task& t, const Band& band) {
    const std::byte *y = band.rows[0], *wanted = band.rows[1];
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x) {
      const int label = kind == LossKind::softmax_cross_entropy ? load<std::int32_t>(wanted) : 0;
      for (int c = 0; c < t.out_channels; ++c, y += 4, out += 4) {
        float slope = 0;
        if constexpr (kind == LossKind::softmax_cross_entropy)
          slope = !is_class(label, t.out_channels) ? 0 : load<float>(y) - (c == label ? 1 : 0);
        else
          slope = LossOf<kind>::slope(load<float>(y), load<float>(wanted + 4 * c), delta(t));
        store(out, slope * share(t));
      }
      wanted += kind == LossKind::softmax_cross_entropy ? 4 : 4 * t.out_channels;
    }
  }
};

template <const Op& made, template <LossKind> class K> struct LossesOf {
  static constexpr const char* name = made.name;
  static constexpr bool serves(const GraphView& g, int value) { return g[value].op == made; }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return K<graph.values[value].options.template get<Loss>().kind>{};
  }
};

}  // namespace graven::core::scalar_isa
