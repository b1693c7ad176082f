// Attention of float32.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/isa/scalar/attention.hpp"

namespace graven::core::scalar_isa {

// Stream: float scale.
struct AttentionFloat32 {
  using Element = float;
  static constexpr bool by_channel = false, pairs = false, pairs_remembered = false;
  static constexpr int stream_size = 4;
  float scale;

  static constexpr int scratch(int moments, const AttentionOptions&, int) { return 4 * moments; }
  constexpr void arrange(Glance&, int, std::byte*) const {}

  static constexpr bool takes(const GraphView& g, const Value& v) {
    return v.inputs != 4 || g.source(v, 3).element == core::Element::float32;
  }
  static constexpr void pack(const GraphView&, const Value& v, Writer& to) {
    to.put(score_scale(v.options.get<AttentionOptions>()));
  }
  constexpr AttentionFloat32(const Task&, const std::byte* stream)
      : scale(load_aligned<float>(stream)) {}

  constexpr void attend(const Glance& at, int count, std::byte* scores) const {
    float most = -floating_point::infinity<float>, sum = 0;
    for (int j = 0; j < at.seen; ++j) {
      float dot = 0;
      const std::byte* key = at.keys + j * at.stride;
      for (int c = 0; c < 4 * count; c += 4)
        dot += load<float>(at.query + c) * load<float>(key + c);
      dot *= scale;
      if (at.mask != nullptr) dot += load<float>(at.mask + 4 * j);
      store_aligned(scores + 4 * j, dot);
      if (dot > most) most = dot;
    }
    for (int j = 0; j < at.seen; ++j) {
      const float difference = load_aligned<float>(scores + 4 * j) - most;
      const float e = floating_point::exp(difference);
      store_aligned(scores + 4 * j, e);
      sum += e;
    }
    for (int c = 0; c < 4 * count; c += 4) {
      float y = 0;
      for (int j = 0; j < at.seen; ++j)
        y += load_aligned<float>(scores + 4 * j) * load<float>(at.values + j * at.moment + c);
      store(at.out + c, y / sum);
    }
  }
};

}  // namespace graven::core::scalar_isa
