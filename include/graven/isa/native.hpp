// The instruction set that the compiler is building for.
#pragma once

#include "graven/isa/scalar.hpp"

namespace graven {

using native = scalar;

}  // namespace graven
