// The model as a C function for other languages, such as the Python API's model.native():
//   graven_run(inputs, outputs, count)
// computes `count` inferences one after the other, on one model that is not for several threads;
// what lasts from one to the next begins anew with each call.
// Of each, all inputs lie one behind the other, and so do all outputs, in the tensors' own types.
#include "model_under_test.hpp"

#include <cstddef>
#include <cstring>

extern "C" [[gnu::visibility("default")]] void graven_run(const std::byte* inputs,
                                                          std::byte* outputs, std::size_t count);

void graven_run(const std::byte* inputs, std::byte* outputs, std::size_t count) {
  static ModelUnderTest model;
  model.reset();
  for (; count > 0; --count) {
    for (int i = 0; i < static_cast<int>(ModelUnderTest::input_count); ++i) {
      const auto bytes = model.input_bytes(i);
      std::memcpy(bytes.data(), inputs, bytes.size());
      inputs += bytes.size();
    }
    model.run();
    for (int i = 0; i < static_cast<int>(ModelUnderTest::output_count); ++i) {
      const auto bytes = model.output_bytes(i);
      std::memcpy(outputs, bytes.data(), bytes.size());
      outputs += bytes.size();
    }
  }
}
