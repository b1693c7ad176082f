// EXPECT: TopK: k must be at least 1, and at most the number of channels
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Graph<Node<TopK<5>, 0>, Outputs<Out<1, 0>, Out<1, 1>>>;
#else
using Network = Graph<Node<TopK<4>, 0>, Outputs<Out<1, 0>, Out<1, 1>>>;
#endif

Model<Network, Shape{1, 1, 4}, params> model;
