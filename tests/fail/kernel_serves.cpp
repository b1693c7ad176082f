// EXPECT: Instruction set: what is in a list of kernels has a name, and says what it serves
#include <graven/graven.hpp>

using namespace graven;

struct Zeros : graven::core::PlainKernel {
  static constexpr const char* name = "mine.zeros";
#ifdef GRAVEN_BROKEN
  static constexpr bool serve(const graven::core::GraphView& graph, int value){
#else
  static constexpr bool serves(const graven::core::GraphView& graph, int value) {
#endif
      return graph[value].op == graven::core::op::map;
} static constexpr void run(const graven::core::Task& task, const graven::core::Band& band) {
  for (int i = 0; i < task.out_width * task.out_channels; ++i) band.out[0][i] = std::byte{0};
}
}
;
struct Mine : scalar {
  using kernels = graven::core::Prefer<Zeros, scalar::kernels>;
};

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};

Model<Sequential<Sigmoid>, Shape{4, 4, 1}, params, Mine> model;
