// EXPECT: Streaming: only a network with one input can be fed push by push.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {1.0f, 0}}, {.output = {1.0f, 0}}, {}};
constexpr Parameters one_param[] = {{.output = {1.0f, 0}}, {}};
#ifdef GRAVEN_BROKEN
Streaming<Graph<Node<Add, 0, 1>, Outputs<2>>, shapes(Shape{4, 2, 1}, Shape{4, 2, 1}), params> sum;
#else
Streaming<Graph<Node<Add, 0, 0>, Outputs<1>>, Shape{4, 2, 1}, one_param> sum;
#endif
