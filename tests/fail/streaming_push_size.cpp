// EXPECT: Input: run() takes a span, array or std::array of input_size elements
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
Streaming<Sequential<GlobalAvgPool>, Shape{8, 4, 1}, params> stream;
#ifdef GRAVEN_BROKEN
constexpr int size = 8;
#else
constexpr int size = 4;
#endif

void feed(std::span<const std::int8_t, size> rows) { stream.push(rows); }
