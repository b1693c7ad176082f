// The least that a user writes: a generated header, a model, a run.
#include <graven/graven.hpp>

#include "digits.hpp"

#include <cstdio>

static_assert(digits::Model::arena_size > 0);

static digits::Model model;

int main() {
  for (auto& pixel : model.input()) {
    pixel = 0;
  }
  model.run();
  const int answer = graven::argmax(model.output());
  std::printf("an empty picture is a %d\n", answer);
  return answer >= 0 && answer < 10 ? 0 : 1;
}
