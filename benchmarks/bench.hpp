// What every benchmark of a model does, and models of one layer with random parameters.
#pragma once

#include <graven/graven.hpp>

#include "random_network.hpp"

#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace bench {

using namespace graven;

inline std::vector<std::byte> random_bytes(std::size_t size, Element element) {
  std::vector<std::byte> bytes(size);
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < size; i += static_cast<std::size_t>(size_of(element))) {
    const std::uint32_t number = test::next_random(state) >> 8;
    if (element == Element::float32)
      core::store(bytes.data() + i, static_cast<float>(number) / 8388608.0f - 1.0f);
    else
      core::store(bytes.data() + i, static_cast<std::uint8_t>(number));
  }
  return bytes;
}

/// One inference per iteration; filling the inputs, which a run overwrites, is part of it.
template <class Model> void run(benchmark::State& state) {
  static Model model;
  std::vector<std::vector<std::byte>> inputs;
  for (int i = 0; i < Model::input_count; ++i)
    inputs.push_back(random_bytes(model.input_bytes(i).size(), Model::input_element(i)));
  model.reset();
  for (auto _ : state) {
    for (int i = 0; i < Model::input_count; ++i)
      std::memcpy(model.input_bytes(i).data(), inputs[static_cast<std::size_t>(i)].data(),
                  inputs[static_cast<std::size_t>(i)].size());
    model.run();
    benchmark::DoNotOptimize(model.output_bytes(0).data());
    benchmark::ClobberMemory();
  }
  using benchmark::Counter;
  if (Model::macs > 0)
    state.counters["MAC/s"] =
        Counter(static_cast<double>(Model::macs), Counter::kIsIterationInvariantRate);
  state.counters["outputs/s"] = Counter(static_cast<double>(Model::output_shape().size()),
                                        Counter::kIsIterationInvariantRate);
  state.counters["arena"] = static_cast<double>(Model::arena_size);
}

/// Registers `Make<Isa>::type` for the scalar kernels, and for this machine's where those differ.
template <template <class> class Make> void add(const std::string& name) {
  benchmark::RegisterBenchmark((name + "/scalar").c_str(), run<typename Make<scalar>::type>);
  if constexpr (!std::is_same_v<native, scalar>)
    benchmark::RegisterBenchmark((name + "/" + native::name).c_str(),
                                 run<typename Make<native>::type>);
}

template <class Network, auto Input, Element element> struct Random {
  using Source = test::Random<Network, graven::core::detail::input_shapes(Input), element, 1>;
  template <class Isa> struct On { using type = Model<Network, Input, Source::params, Isa>; };
};

/// A network of one layer, in int8 and in float32.
template <class Network, auto Input> void add_layer(const std::string& shape) {
  add<Random<Network, Input, Element::int8>::template On>("int8/" + shape);
  add<Random<Network, Input, Element::float32>::template On>("float/" + shape);
}

}  // namespace bench
