// EXPECT: Network: height, width and channels of a layer's output must each be at least 1.
#include <graven/graven.hpp>

using namespace graven;

// A layer of the user's that does not check what it yields.
template <int Out> struct Resized : ReLU {
  template <graven::core::At in> static constexpr Shape output() {
    return {in.shape.height, in.shape.width, Out};
  }
};

constexpr Parameters params[] = {{}, {}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Resized<0>, ReLU>;
#else
using Network = Sequential<Resized<2>, ReLU>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
