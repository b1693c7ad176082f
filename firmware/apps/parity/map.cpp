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
  compare<Sequential<LeakyReLU<0.1f>, HardSwish, ELU>, shape, centred>("leaky, hard swish, elu");
  compare<Sequential<Cast<Element::int32>, Cast<Element::boolean>, LogicalNot>, shape, real>(
      "cast");
  compare<Sequential<GELU, Abs, LogSoftmax>, shape, trained>("gelu, abs, log softmax");
}

// A table of the record's own.
template <class T, std::size_t entries> struct Tables {
  static constexpr auto values = [] {
    std::array<T, entries> table{};
    std::uint32_t state = 2463534242u;
    for (T& entry : table) entry = static_cast<T>(next_random(state) >> 9);
    return table;
  }();
  static constexpr Constant constants[]{{"table", values}};
  static constexpr Element element = sizeof(T) == 2 ? Element::int16 : Element::int8;
  static constexpr Parameters params[]{{.output = {0.05f, 0}, .element = element},
                                       {.constants = constants, .output = {0.03f, 0}}};
};
template <int width> void tables() {
  constexpr Shape shape{2, width, 3};
  compare_with<Sequential<MapTable>, shape, Tables<std::int8_t, 256>::params>("table");
  compare_with<Sequential<MapTable>, shape, Tables<std::int16_t, 513>::params>("table of words");
}

// Real functions have the bits here that the compiler's computer has found.
template <class F> struct Sampled {
  static constexpr float at(int i) {
    return static_cast<float>(i - 40) * (0.11f + 0.004f * static_cast<float>(i * i));
  }
  static constexpr auto values = [] {
    std::array<std::uint32_t, 80> bits{};
    for (int i = 0; i < 80; ++i)
      bits[static_cast<std::size_t>(i)] = std::bit_cast<std::uint32_t>(F::function().real(at(i)));
    return bits;
  }();
};
template <class... F> void functions() {
  auto same = []<class G>(G*) {
    for (int i = 0; i < 80; ++i) {
      const volatile float x = Sampled<G>::at(i);  // else the compiler would compute once more
      const float y = G::function().real(x);
      const auto expected = Sampled<G>::values[static_cast<std::size_t>(i)];
      if (std::bit_cast<std::uint32_t>(y) != expected && !(y != y)) return false;
    }
    return true;
  };
  (expect(F::op, same(static_cast<F*>(nullptr))), ...);
}

}  // namespace

void check() {
  maps<1>();
  maps<7>();
  maps<16>();
  tables<1>();
  tables<13>();
  functions<LeakyReLU<0.1f>, HardSwish, ELU, GELU, GELUTanh, SiLU, Sqrt, Rsqrt, Exp, Log, Sin, Cos,
            Floor, Ceil, Round>();
}

}  // namespace parity
