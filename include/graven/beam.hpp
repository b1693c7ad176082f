// Beam search: the most probable continuations of a text, `Width` of them side by side
//
//   static graven::Beam<language::Model, 4, 32> beam;      // no allocation: its size is its type's
//   beam.begin(model, token);                              // the State of what came before
//   while (beam.length() < 32) beam.step(model);
//   beam.best().tokens, beam.best().score                  // logarithm of the probability
//
// `Model` has one input of one int32 token, one output of logits, and a State; a step runs it once
// for each hypothesis. Equal scores count in the order of hypotheses, then tokens.
#pragma once

#include "graven/sampling.hpp"

#include <array>

namespace graven::core {

template <class Model, int Width, int Length> class Beam {
  static_assert(Width > 0 && Length > 0, "Beam: Width and Length must each be at least 1.");
  static constexpr std::size_t width = std::size_t{Width > 0 ? Width : 1};
  static constexpr std::size_t most = std::size_t{Length > 0 ? Length : 1};

public:
  struct Hypothesis {
    typename Model::State state{};
    std::array<std::int32_t, most> tokens{};
    std::int32_t last = 0;
    float score = 0;
  };

  // `token` has not been run yet; the model's State is that of what came before it.
  void begin(Model& model, std::int32_t token) {
    now[0].state = model.state();
    now[0].last = token;
    now[0].score = 0;
    count = 1;
    made = 0;
  }
  // False: all are of the full length.
  bool step(Model& model) {
    if (made == most) return false;
    found = 0;
    for (std::size_t from = 0; from < count; ++from) offer(model, from);
    for (std::size_t k = 0; k < found; ++k) {
      const Candidate& c = best_ones[k];
      next[k] = now[c.from];
      next[k].tokens[made] = next[k].last = c.token;
      next[k].score = c.score;
    }
    now = next;
    count = found;
    ++made;
    return true;
  }
  // Behind a step, gives up the hypotheses whose score, the natural logarithm of the probability,
  // is more than `margin` below the best one's.
  void prune(float margin) {
    while (count > 1 && now[count - 1].score < now[0].score - margin) --count;
  }
  // The most probable first.
  std::span<const Hypothesis> hypotheses() const { return {now.data(), count}; }
  const Hypothesis& best() const { return now[0]; }
  std::size_t length() const { return made; }

private:
  struct Candidate {
    float score = 0;
    std::size_t from = 0;
    std::int32_t token = 0;
  };
  std::array<Hypothesis, width> now{}, next{};
  std::array<Candidate, width> best_ones{};
  std::size_t count = 0, found = 0, made = 0;

  // What one hypothesis may go on with; its State becomes that behind its last token.
  void offer(Model& model, std::size_t from) {
    model.state() = now[from].state;
    model.input()[0] = now[from].last;
    const auto logits = model.run();
    now[from].state = model.state();
    const float top = real_of(logits[static_cast<std::size_t>(argmax(logits))], quant);
    float sum = 0;
    for (const auto logit : logits) sum += floating_point::exp(real_of(logit, quant) - top);
    const float base = now[from].score - top - floating_point::log(sum);
    std::int32_t token = 0;
    for (const auto logit : logits) insert({base + real_of(logit, quant), from, token++});
  }
  void insert(Candidate c) {
    if (found == width && !(c.score > best_ones[width - 1].score)) return;
    std::size_t at = found < width ? found++ : width - 1;
    for (; at > 0 && c.score > best_ones[at - 1].score; --at) best_ones[at] = best_ones[at - 1];
    best_ones[at] = c;
  }
  static constexpr Quant quant = Model::output_quant();
};

}  // namespace graven::core

namespace graven {
using core::Beam;
}
