// Functions of every element.
#include "compare.hpp"

namespace parity {

namespace {

// Rows shorter than a vector, and longer ones with a rest.
template <int width> void maps() {
  constexpr Shape shape{3, width, 3};
  compare<Sequential<Tanh>, shape, centred>("tanh");
  compare<Sequential<Sigmoid>, shape, trained>("sigmoid");
  compare<Sequential<ReLU6>, shape, centred>("relu6");
}

}  // namespace

void check() {
  maps<1>();
  maps<7>();
  maps<16>();
}

}  // namespace parity
