// Memory of the caller's: what is taken, and what stops the program.
#include "../policies.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace test;

namespace {

using M = Subject<Chain::Network, Chain::input, Element::int8, 5>::OnArena;
constexpr std::size_t size = M::arena_size;
static_assert(M::alignment > 1);

alignas(M::alignment) std::byte plain[size];
alignas(M::alignment) std::array<std::byte, size + 3> array;

Bytes run(M model) {
  fill_inputs(model, 4);
  model.run_in_place();
  return outputs_of(model);
}

// Does it end with a signal? In a process of its own.
template <class Action> bool stops(Action action) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGILL, SIG_DFL);  // doctest's handlers would report it
    signal(SIGTRAP, SIG_DFL);
    action();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

}  // namespace

TEST_CASE("arrays, std::arrays, spans and unchecked pointers are the same arena") {
  const Bytes expected = run(M(plain));
  CHECK(run(M(array)) == expected);
  CHECK(run(M(std::span(plain))) == expected);
  CHECK(run(M(std::span<std::byte>(plain))) == expected);
  CHECK(run(M(unchecked, plain)) == expected);
}

TEST_CASE("what only the running program can see stops it") {
  const std::span<std::byte> bytes = array;
  CHECK_FALSE(stops([&] { M model(bytes); }));
  CHECK(stops([&] { M model(bytes.first(size - 1)); }));
  CHECK(stops([&] { M model(bytes.subspan(1)); }));
  CHECK(stops([&] { M model(bytes.subspan(1).first<size>()); }));
  CHECK_FALSE(stops([&] { [[maybe_unused]] const M model(unchecked, bytes.data() + 1); }));
}
