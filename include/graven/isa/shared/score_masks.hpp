// Masks on the scores of attention, int32 or int64.
#pragma once

#include "graven/isa/scalar/attention_wide.hpp"

namespace graven::core {

// What a mask makes of scores, n of them apart (ScoreMask). The largest of them.
template <int n, class S, class Rule>
S put_masked(const Rule& rule, std::byte* scores, const std::byte* mask, int seen, S hidden) {
  S most = hidden;
  auto put = [&](S score) {
    store_aligned(scores, score);
    if (score > most) most = score;
    scores += n * int{sizeof(S)};
  };
  const auto& m = rule.mask;
  auto masked = [&](int j) {
    put(m.template masked<S>(load_aligned<S>(scores), mask, j, Rule::most_steps, hidden));
  };
  if (m.element == static_cast<int>(Element::boolean)) {
    for (const std::byte* const end = mask + seen; mask != end; ++mask)
      put(load<std::int8_t>(mask) != 0 ? load_aligned<S>(scores) : hidden);
  } else if (m.element == static_cast<int>(Element::float32)) {
    for (const std::byte* const end = mask + 4 * seen; mask != end; mask += 4)
      if (load<std::uint32_t>(mask) << 1 == 0)  // mostly it adds nothing
        put(load_aligned<S>(scores));
      else
        masked(0);
  } else {
    for (int j = 0; j < seen; ++j) masked(j);
  }
  return most;
}

}  // namespace graven::core
