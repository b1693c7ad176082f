// EXPECT: graven needs C++20
// BROKEN: -std=c++17 -Wfatal-errors
#include <graven/graven.hpp>
