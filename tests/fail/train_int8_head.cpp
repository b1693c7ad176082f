// EXPECT: Int8Head: In and Out must each be at least 1
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr int outputs = 0;
#else
constexpr int outputs = 2;
#endif
constinit Int8Head<4, outputs> head{};
