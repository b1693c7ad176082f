// The harness of `graven run`: feeds a model with inferences from a file and writes its outputs.
//
//   run INPUT OUTPUT COUNT [profile] [dump=FILE]
//
// INPUT holds COUNT inferences, each of them all inputs of the model one after the other; OUTPUT
// gets as many times all outputs; both in the tensors' own types. The inferences follow each other
// on one model, which starts reset. Prints lines of the form `key value`, or `error <sentence>`:
//   arena, weights, tables (bytes), macs, layer_weights <layer> <bytes>
//   stack <bytes>, instructions (or cycles) <n>   of the first inference, without hooks; of a
//                                                 stream, whose inferences are pushes, of the last
//   layer <layer> <n>                             `profile`: a run of the first input with a hook
// `dump` writes every row of every layer of every inference, from a second pass, as records of
//   u32 layer, u32 row, u32 bytes, and the bytes; layer 0xffffffff begins an inference.
#include "model_under_test.hpp"
#include "runtime.hpp"

#include <array>
#include <cstring>

namespace {

using firmware::File;
using firmware::print_line;

struct Arguments {
  const char *input = nullptr, *output = nullptr, *dump = nullptr;
  std::uint32_t count = 0;
  bool profile = false;
};

ModelUnderTest model;

constexpr int inputs = static_cast<int>(ModelUnderTest::input_count);
constexpr int outputs = static_cast<int>(ModelUnderTest::output_count);
constexpr std::size_t layers = static_cast<std::size_t>(ModelUnderTest::layer_count);

[[noreturn]] void fail(const auto&... message) {
  print_line("error ", message...);
  firmware::exit(firmware::exit_bad_input);
}

std::uint32_t parse_count(const char* text) {
  std::uint32_t count = 0;
  for (const char* digit = text; *digit; ++digit) {
    if (*digit < '0' || *digit > '9' || count > 100'000'000)
      fail("run: COUNT must be a number below 1000000000, got '", text, "'");
    count = 10 * count + static_cast<std::uint32_t>(*digit - '0');
  }
  if (count == 0) fail("run: COUNT must be at least 1, got '", text, "'");
  return count;
}

Arguments parse(int count, char** list) {
  if (count < 4) fail("run: expected INPUT OUTPUT COUNT [profile] [dump=FILE]");
  Arguments result{list[1], list[2], nullptr, parse_count(list[3]), false};
  for (int i = 4; i < count; ++i) {
    if (std::strcmp(list[i], "profile") == 0) {
      result.profile = true;
    } else if (std::strncmp(list[i], "dump=", 5) == 0 && list[i][5]) {
      result.dump = list[i] + 5;
    } else {
      fail("run: expected 'profile' or 'dump=FILE', got '", list[i], "'");
    }
  }
  return result;
}

/// The whole input of a model that takes it row by row: the rows' source, not the model's memory.
template <class Model> struct Rows {
  static constexpr std::size_t row_bytes =
      static_cast<std::size_t>(Model::row_size * graven::size_of(Model::input_element()));
  std::array<std::byte, row_bytes* static_cast<std::size_t>(Model::row_count)> bytes{};

  void push_all(Model& to) const {
    to.begin();
    for (std::size_t at = 0; at < bytes.size(); at += row_bytes)
      to.push_row_bytes(bytes.data() + at);
  }
};
template <class Model> Rows<Model> rows;

/// Where input `i` of an inference goes.
template <class Model> std::span<std::byte> input_of(Model& to, int i) {
  if constexpr (Model::row_input)
    return rows<Model>.bytes;
  else
    return to.input_bytes(i);
}

template <class Model> void run_once(Model& subject) {
  if constexpr (Model::row_input)
    rows<Model>.push_all(subject);
  else
    subject.run();
}

File open_input(const Arguments& arguments) {
  std::uint64_t one = 0;
  for (int i = 0; i < inputs; ++i) one += input_of(model, i).size();
  File file;
  if (!file.open(arguments.input, File::Mode::read)) fail(arguments.input, ": cannot be read");
  const std::uint64_t expected = one * arguments.count;
  const std::int64_t size = file.size();
  if (size < 0 || static_cast<std::uint64_t>(size) != expected)
    fail(arguments.input, ": expected ", expected, " bytes (", arguments.count, " inferences of ",
         one, "), got ", size);
  return file;
}

File open_output(const char* path) {
  File file;
  if (!file.open(path, File::Mode::write)) fail(path, ": cannot be written");
  return file;
}

void read_inputs(File& file, const Arguments& arguments) {
  for (int i = 0; i < inputs; ++i)
    if (!file.read(input_of(model, i))) fail(arguments.input, ": reading failed");
}

void write(File& file, std::span<const std::byte> data, const char* path) {
  if (!file.write(data)) fail(path, ": writing failed");
}

void close(File& file, const char* path) {
  if (!file.close()) fail(path, ": writing failed");
}

template <class Model> constexpr bool is_stream = requires { Model::pushes_to_fill; };
template <class Model> constexpr bool has_hooks = !Model::row_input && !is_stream<Model>;

/// The first push of a stream also sets its state up.
template <class Model> constexpr std::uint32_t measured_inference(std::uint32_t count) {
  return is_stream<Model> ? count - 1 : 0;
}

/// Runs all inferences without hooks; one of them is measured.
firmware::Measurement run_all(const Arguments& arguments) {
  firmware::Measurement measured{};
  File input = open_input(arguments), output = open_output(arguments.output);
  model.reset();
  for (std::uint32_t i = 0; i < arguments.count; ++i) {
    read_inputs(input, arguments);
    if (i == measured_inference<ModelUnderTest>(arguments.count))
      measured = firmware::measure([](void*) { run_once(model); }, nullptr);
    else
      run_once(model);
    for (int k = 0; k < outputs; ++k) write(output, model.output_bytes(k), arguments.output);
  }
  input.close();
  close(output, arguments.output);
  return measured;
}

struct Profile {
  std::array<std::uint64_t, layers> fractions{};
  std::array<std::uint32_t, layers> steps{};
  firmware::Count last{};

  void stepped(int layer) {
    const firmware::Count now = firmware::count();
    fractions[static_cast<std::size_t>(layer)] += firmware::fractions(last, now);
    ++steps[static_cast<std::size_t>(layer)];
    last = firmware::count();
  }
};
Profile profile;

/// What the hook costs is the same for every step: what all steps together took beyond `total`.
void print_layers(std::uint64_t total) {
  std::array<std::uint64_t, layers> seen{};
  std::uint64_t sum = 0, steps = 0;
  for (std::size_t k = 0; k < layers; ++k) {
    seen[k] = firmware::to_unit(profile.fractions[k]);
    sum += seen[k];
    steps += profile.steps[k];
  }
  const std::uint64_t excess = sum > total ? sum - total : 0;
  std::uint64_t steps_before = 0;
  for (std::size_t k = 0; k < layers; ++k) {
    const std::uint64_t before = excess * steps_before / steps;
    steps_before += profile.steps[k];
    const std::uint64_t cost = excess * steps_before / steps - before;
    print_line("layer ", k, " ", seen[k] > cost ? seen[k] - cost : 0);
  }
}

template <class Model>
void run_profile(Model& subject, const Arguments& arguments, std::uint64_t total) {
  File input = open_input(arguments);
  subject.reset();
  read_inputs(input, arguments);
  input.close();
  profile.last = firmware::count();
  subject.run_with(profile);
  print_layers(total);
}

void write_record(File& file, std::uint32_t layer, std::uint32_t row,
                  std::span<const std::byte> data, const char* path) {
  const std::uint32_t header[] = {layer, row, static_cast<std::uint32_t>(data.size())};
  write(file, std::as_bytes(std::span{header}), path);
  if (!data.empty()) write(file, data, path);
}

template <class Model> void run_dump(Model& subject, const Arguments& arguments) {
  File input = open_input(arguments), dump = open_output(arguments.dump);
  subject.reset();
  for (std::uint32_t i = 0; i < arguments.count; ++i) {
    read_inputs(input, arguments);
    write_record(dump, 0xffffffffu, i, {}, arguments.dump);
    subject.run_with([&](const auto& step) {
      for (int k = 0; k < step.rows; ++k)
        write_record(dump, static_cast<std::uint32_t>(step.layer),
                     static_cast<std::uint32_t>(step.first_row + k),
                     {step.data[k], static_cast<std::size_t>(step.row_bytes)}, arguments.dump);
    });
  }
  input.close();
  close(dump, arguments.dump);
}

void print_constants() {
  print_line("arena ", std::size_t{ModelUnderTest::arena_size});
  print_line("weights ", std::size_t{ModelUnderTest::weight_size});
  print_line("tables ", std::size_t{ModelUnderTest::table_size});
  print_line("macs ", std::uint64_t{ModelUnderTest::macs});
  for (std::size_t k = 0; k < layers; ++k)
    print_line("layer_weights ", k, " ", std::size_t{ModelUnderTest::layers[k].weight_size});
}

// Inside the namespace, where our names go before those of a model that is called like one of them.
void run_harness(int argc, char** argv) {
  const Arguments arguments = parse(argc, argv);
  print_constants();
  const firmware::Measurement measured = run_all(arguments);
  print_line("stack ", measured.stack);
  const auto unit = firmware::counter_unit();
  const bool counts = unit != firmware::Unit::none;
  if (counts)
    print_line(unit == firmware::Unit::cycles ? "cycles " : "instructions ", measured.count);
  if constexpr (has_hooks<ModelUnderTest>) {
    if (arguments.profile && counts) run_profile(model, arguments, measured.count);
    if (arguments.dump) run_dump(model, arguments);
  } else if (arguments.dump) {
    fail("run: a model that takes its input row by row, and a stream, have no dump");
  }
}

}  // namespace

int main(int argc, char** argv) { run_harness(argc, argv); }
