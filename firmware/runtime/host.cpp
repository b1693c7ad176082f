// The runtime of the host: standard output, files, and the stack of a routine, which runs on a
// painted stack of its own.
#include "runtime.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <pthread.h>
#include <vector>

namespace firmware {

void put(char character) { std::putchar(character); }
void print(const char* text) { std::fputs(text, stdout); }
void print(std::uint64_t number) { std::printf("%llu", static_cast<unsigned long long>(number)); }
void print_hex(std::uint32_t number) { std::printf("0x%08x", static_cast<unsigned>(number)); }

void exit(int code) { std::exit(code); }

namespace {
std::FILE* file(std::intptr_t handle) { return reinterpret_cast<std::FILE*>(handle); }
}  // namespace

bool File::open(const char* path, Mode mode) {
  std::FILE* const result = std::fopen(path, mode == Mode::read ? "rb" : "wb");
  handle = result ? reinterpret_cast<std::intptr_t>(result) : -1;
  return result != nullptr;
}

bool File::read(std::span<std::byte> data) {
  return std::fread(data.data(), 1, data.size(), file(handle)) == data.size();
}

bool File::write(std::span<const std::byte> data) {
  return std::fwrite(data.data(), 1, data.size(), file(handle)) == data.size();
}

std::int64_t File::size() {
  const long position = std::ftell(file(handle));
  if (position < 0 || std::fseek(file(handle), 0, SEEK_END) != 0) return -1;
  const long size = std::ftell(file(handle));
  return std::fseek(file(handle), position, SEEK_SET) == 0 ? size : -1;
}

bool File::close() { return std::fclose(file(handle)) == 0; }

Unit counter_unit() { return Unit::none; }
Count count() { return {}; }
std::uint64_t fractions(Count, Count) { return 0; }
std::uint64_t to_unit(std::uint64_t fractions) { return fractions; }

namespace {

constexpr std::size_t stack_size = std::size_t{1} << 20;
constexpr unsigned char paint = 0xa5;

struct Job {
  void (*routine)(void*);
  void* context;
  const unsigned char* caller = nullptr;
};

void* run_job(void* argument) {
  auto& job = *static_cast<Job*>(argument);
  job.caller = static_cast<const unsigned char*>(__builtin_frame_address(0));
  job.routine(job.context);
  return nullptr;
}

}  // namespace

Measurement measure(void (*routine)(void*), void* context) {
  constexpr std::size_t alignment = 4096;
  std::vector<unsigned char> memory(stack_size + alignment, paint);
  void* stack = memory.data();
  std::size_t space = memory.size();
  std::align(alignment, stack_size, stack, space);

  Job job{routine, context};
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) != 0 ||
      pthread_attr_setstack(&attributes, stack, stack_size) != 0 ||
      pthread_create(&thread, &attributes, run_job, &job) != 0 ||
      pthread_join(thread, nullptr) != 0) {
    routine(context);
    return {};
  }
  pthread_attr_destroy(&attributes);
  const auto* lowest = static_cast<const unsigned char*>(stack);
  while (lowest < job.caller && *lowest == paint) ++lowest;
  return {0, static_cast<std::size_t>(job.caller - lowest)};
}

}  // namespace firmware
