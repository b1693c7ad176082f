// What code takes in flash, as it was measured kernel by kernel.
#pragma once

#include "graven/text.hpp"

#include <span>

namespace graven::core {

// A line of an instruction set's record, `code_sizes`, which benchmarks/code_sizes.py writes: bytes
// of a function of the kernel, on the mean of those that it has, with what it calls. Of the kernel
// "": what all models share; of "*": kernels that are not listed, such as those from outside.
struct CodeSize {
  const char* kernel;
  int bytes;
};

// 0 where the record is empty.
constexpr int code_size_of(std::span<const CodeSize> record, const char* kernel) {
  int others = 0;
  for (const CodeSize& line : record) {
    if (equal(line.kernel, kernel)) return line.bytes;
    if (equal(line.kernel, "*")) others = line.bytes;
  }
  return others;
}

template <class Isa> constexpr std::span<const CodeSize> code_sizes() {
  if constexpr (requires { Isa::code_sizes; })
    return Isa::code_sizes;
  else
    return {};
}

}  // namespace graven::core
