// EXPECT: Instruction set: a kernel has scratch, stream_size and pack
#include <graven/graven.hpp>

using namespace graven;

struct Zeros : graven::core::PlainKernel {
  static constexpr const char* name = "mine.zeros";
  static constexpr bool serves(const graven::core::GraphView& graph, int value) {
    return graph[value].op == graven::core::op::map;
  }
#ifdef GRAVEN_BROKEN
  static constexpr int program_count = 1;
#else
  static constexpr int programs = 1;
#endif
  template <int program>
  static constexpr void run(const graven::core::Task& task, const graven::core::Band& band) {
    for (int i = 0; i < task.out_width * task.out_channels; ++i) band.out[0][i] = std::byte{0};
  }
};
struct Mine : scalar {
  using kernels = graven::core::Prefer<Zeros, scalar::kernels>;
};

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};

Model<Sequential<Sigmoid>, Shape{4, 4, 1}, params, Mine> model;
