// Every instruction set that the compiler has gives the outputs of scalar, bit for bit, on networks
// of every structure.
#include "../policies.hpp"

using namespace test;

namespace {

template <class Isa, class C, Element element, std::uint32_t seed> void check_network() {
  using Expected =
      Subject<typename C::Network, C::input, element, seed, plan::fastest, graven::scalar>;
  using Computed = Subject<typename C::Network, C::input, element, seed, plan::fastest, Isa>;
  for (std::uint32_t input : {3u, 50u}) {
    const Bytes expected = run_guarded<Expected>(std::byte{0xa5}, input);
    CHECK(run_guarded<Computed>(std::byte{0x00}, input) == expected);
    CHECK(run_guarded<Computed>(std::byte{0x5a}, input) == expected);
  }
}

template <class Isa> void check_networks() {
  if constexpr (!std::is_same_v<Isa, graven::scalar>) {
    for_each(All{}, []<class C>(C) {
      CAPTURE(__PRETTY_FUNCTION__);
      check_network<Isa, C, Element::int8, 6>();
      check_network<Isa, C, Element::int8, 11>();
#if !defined(__FMA__)  // fused products have other roundings
      check_network<Isa, C, Element::float32, 4>();
#endif
    });
  }
}

// In constant expressions every model is its scalar twin.
using Tiny = Sequential<Conv2D<2, 3, 2, 1, same, relu>, Dense<12, 2>>;
using Source = Random<Tiny, std::array{Shape{2, 2, 2}}, Element::int8, 3>;
constexpr std::array<std::int8_t, 8> input{1, -2, 3, -4, 5, -6, 7, -128};
using Native = Model<Tiny, Shape{2, 2, 2}, Source::params, native>;
static_assert(evaluate<Native>(input) ==
              evaluate<Model<Tiny, Shape{2, 2, 2}, Source::params, graven::scalar>>(input));

}  // namespace

TEST_CASE("the compiler's own instruction set") { check_networks<native>(); }
#if defined(__AVX512VNNI__)
TEST_CASE("AVX-VNNI where there is more") { check_networks<avxvnni>(); }
TEST_CASE("AVX2 where there is more") { check_networks<avx2>(); }
#endif
TEST_CASE("evaluate and run") {
  constexpr auto expected = evaluate<Native>(input);
  static Native model;
  const auto output = model.run(input);
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(output[i] == expected[i]);
}
