// The kernels of the cores without SIMD: what differs between them is the Core.
#pragma once

#include "graven/isa/scalar.hpp"
#include "graven/isa/shared/bytewise.hpp"
#include "graven/isa/shared/small_windows.hpp"
#include "graven/isa/shared/soft_float.hpp"
#include "graven/isa/shared/thumb/conv.hpp"
#include "graven/isa/shared/thumb/dense.hpp"
#include "graven/isa/shared/thumb/depthwise.hpp"

namespace graven::core::thumb_isa {

template <class Core>
using kernels =
    Prefer<Convs<Core>, Depthwise<Core, 1>, Depthwise<Core, 2>, TiledDepthwises<TileCore<Core>>,
           Denses<Core>, BytewiseAdds<typename Core::Products>, NearestInWords, SmallPools,
           SoftFloats<typename Core::Mantissas>, scalar::kernels>;

template <class Core> struct Kernels : scalar {
  static constexpr bool asks_extremes = true;
  using kernels = thumb_isa::kernels<Core>;
};

}  // namespace graven::core::thumb_isa
