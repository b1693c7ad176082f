// One inference of the model on an input of zeros, in .bss; rows of zeros where it takes rows.
#pragma once
#include "model_under_test.hpp"

namespace minimal {  // a model may well be called model, too

inline ModelUnderTest model;

template <class Model> [[gnu::always_inline]] inline void run_model_on(Model& subject) {
  if constexpr (Model::row_input) {
    constexpr int row_bytes = Model::row_size * graven::size_of(Model::input_element());
    static constexpr std::byte zeros[std::size_t{row_bytes}]{};
    subject.begin();
    for (int row = 0; row < Model::row_count; ++row) subject.push_row_bytes(zeros);
  } else {
    subject.run();
  }
}

[[gnu::always_inline]] inline void run_model() {
  run_model_on(model);
  asm volatile("" ::"r"(&model) : "memory");  // the outputs are wanted
}

}  // namespace minimal
