// RV32IMC: microcontrollers with the multiplier of extension M. Equal to scalar bit for bit, in
// instructions decided by isa/rv32imc/.
#pragma once

#if defined(__riscv_mul) && __riscv_xlen == 32

#include "graven/isa/rv32imc/conv.hpp"
#include "graven/isa/rv32imc/dense.hpp"
#include "graven/isa/rv32imc/depthwise.hpp"
#include "graven/isa/rv32imc/taps.hpp"
#include "graven/isa/scalar.hpp"
#include "graven/isa/shared/bytewise.hpp"
#include "graven/isa/shared/small_windows.hpp"
#include "graven/isa/shared/soft_float.hpp"

namespace graven::core {

namespace rv32imc_isa {

using kernels = Prefer<Dense<false>, Convs, Dense<true>, Depthwise3<1>, Depthwise3<2>,
                       TiledDepthwises<TileCore>, BytewiseAdds<WideProducts>, SmallPools,
                       NearestInWords, SoftFloats<WideMantissas>, scalar::kernels>;

}

struct rv32imc : scalar {
  static constexpr const char* name = "rv32imc";
  using kernels = rv32imc_isa::kernels;
};

}  // namespace graven::core

namespace graven {
using core::rv32imc;
}

#endif
