#include "support.hpp"

using namespace test;

constexpr Parameters real_params[] = {{}, {}};
constexpr Parameters params[] = {{.output = {0.5f, 3}}, {}};
TEST_CASE("zeros, of int8 the integer") {
  constexpr Shape shape{1, 1, 3};
  static_assert(evaluate<Model<Sequential<ZerosLike>, shape, real_params>>(floats(1, 2, 3)) ==
                floats(0, 0, 0));
  static_assert(evaluate<Model<Sequential<ZerosLike>, shape, params>>(int8s(1, 2, 3)) ==
                int8s(0, 0, 0));
}
