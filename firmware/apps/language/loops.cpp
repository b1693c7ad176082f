// The same network as plain loops in the style of llama2.c's runq.c: int8 weights, activations
// quantized before every product by their largest value, all else in float. To compare with; the
// weights and their scales are those of the model's header, a scale per output instead of groups.
#include <graven/graven.hpp>

#include "language.hpp"

#include <array>
#include <runtime.hpp>

namespace {
namespace real = graven::core::floating_point;

constexpr int dim = 96, kept = 48, hidden = 192, heads = 4, head = 24, context = 128, tokens = 128;
constexpr int blocks = 3;

struct Matrix {
  const std::int8_t* weights;
  const float* scales;
};
struct Block {
  const float *input_norm, *attention_norm;
  Matrix q, k, v, o, gate, up, down;
};

// The records of a block's layers; layers are numbered as in the header, 18 per block.
constexpr const graven::Parameters& record(int layer, int block = 0) {
  return language::params[2 + layer + 18 * block];
}
constexpr Matrix matrix(int layer, int block = 0) {
  return {record(layer, block).filter.int8, record(layer, block).scale.float32};
}
constexpr const float* factors(int layer, int block = 0) {
  return record(layer, block).constants[0].data.float32;
}
constexpr Block block_at(int b) {
  return {factors(2, b), factors(12, b), matrix(3, b),  matrix(4, b), matrix(5, b),
          matrix(9, b),  matrix(13, b),  matrix(14, b), matrix(17, b)};
}
constexpr Block weights[blocks]{block_at(0), block_at(1), block_at(2)};
constexpr const float* last_norm = factors(56);
// The embedding, which is the output's matrix as well.
constexpr const std::int8_t* table = language::params[1].constants[0].data.int8;
constexpr float table_scale = language::params[1].constants[0].scale.float32[0];
constexpr auto table_scales = [] {
  std::array<float, tokens> all{};
  for (float& each : all) each = table_scale;
  return all;
}();
constexpr Matrix output{table, table_scales.data()};

// Read per token: weights and their scales, of norms the factors, one row of the table again.
constexpr int weight_bytes = blocks * ((2 * dim + 2 * kept + 3 * hidden) * dim +
                                       4 * (3 * dim + 2 * kept + 2 * hidden) + 8 * dim) +
                             (tokens + 1) * dim + 4 * (tokens + dim);

constexpr auto rates = [] {
  std::array<float, head / 2> r{};
  for (std::size_t i = 0; i < r.size(); ++i)
    r[i] = static_cast<float>(real::exp(-9.210340371976184 * 2 * static_cast<double>(i) / head));
  return r;
}();

float x[dim], normed[dim], q[dim], found[dim], gate[hidden], up[hidden], scores[context];
float keys[blocks][context][kept], values[blocks][context][kept], logits[tokens];
std::int8_t quantized[hidden];

float quantize(const float* from, int count) {
  float most = 0;
  for (int i = 0; i < count; ++i)
    if (const float size = real::magnitude(from[i]); size > most) most = size;
  const float scale = most / 127;
  for (int i = 0; i < count; ++i)
    quantized[i] = static_cast<std::int8_t>(graven::core::detail::round_away(from[i] / scale));
  return scale;
}
void product(float* out, const Matrix& m, int outputs, int inputs, float scale) {
  for (int o = 0; o < outputs; ++o) {
    std::int32_t sum = 0;
    for (int i = 0; i < inputs; ++i) sum += quantized[i] * m.weights[o * inputs + i];
    out[o] = static_cast<float>(sum) * m.scales[o] * scale;
  }
}
void norm(float* out, const float* weight) {
  float sum = 0;
  for (const float each : x) sum += each * each;
  const float factor = 1 / real::sqrt(sum / dim + 1e-5f);
  for (int i = 0; i < dim; ++i) out[i] = weight[i] * (factor * x[i]);
}
void turn(float* vector, int size, int position) {
  for (int at = 0; at < size; at += head)
    for (int pair = 0; pair < head / 2; ++pair) {
      const float angle = static_cast<float>(position) * rates[static_cast<std::size_t>(pair)];
      const float cosine = real::cos(angle), sine = real::sin(angle);
      const float a = vector[at + pair], b = vector[at + pair + head / 2];
      vector[at + pair] = a * cosine - b * sine;
      vector[at + pair + head / 2] = a * sine + b * cosine;
    }
}
void attend(int block, int h, int seen) {
  const int first = h / 2 * head;
  float most = -1e30f, sum = 0;
  for (int t = 0; t < seen; ++t) {
    float dot = 0;
    for (int i = 0; i < head; ++i) dot += q[h * head + i] * keys[block][t][first + i];
    scores[t] = dot / 4.89897949f;
    if (scores[t] > most) most = scores[t];
  }
  for (int t = 0; t < seen; ++t) sum += scores[t] = real::exp(scores[t] - most);
  for (int i = 0; i < head; ++i) {
    float y = 0;
    for (int t = 0; t < seen; ++t) y += scores[t] / sum * values[block][t][first + i];
    found[h * head + i] = y;
  }
}
void run_block(int block, int position) {
  const Block& b = weights[block];
  const int slot = position % context, seen = position < context ? position + 1 : context;
  norm(normed, b.input_norm);
  float scale = quantize(normed, dim);
  product(q, b.q, dim, dim, scale);
  product(keys[block][slot], b.k, kept, dim, scale);
  product(values[block][slot], b.v, kept, dim, scale);
  turn(q, dim, position);
  turn(keys[block][slot], kept, position);
  for (int h = 0; h < heads; ++h) attend(block, h, seen);
  scale = quantize(found, dim);
  product(normed, b.o, dim, dim, scale);
  for (int i = 0; i < dim; ++i) x[i] += normed[i];
  norm(normed, b.attention_norm);
  scale = quantize(normed, dim);
  product(gate, b.gate, hidden, dim, scale);
  product(up, b.up, hidden, dim, scale);
  for (int i = 0; i < hidden; ++i) gate[i] = gate[i] / (1 + real::exp(-gate[i])) * up[i];
  scale = quantize(gate, hidden);
  product(normed, b.down, dim, hidden, scale);
  for (int i = 0; i < dim; ++i) x[i] += normed[i];
}
void run(int token, int position) {
  for (int i = 0; i < dim; ++i) x[i] = static_cast<float>(table[token * dim + i]) * table_scale;
  for (int block = 0; block < blocks; ++block) run_block(block, position);
  norm(normed, last_norm);
  const float scale = quantize(normed, dim);
  product(logits, output, tokens, dim, scale);
}
}  // namespace

int main() {
  int token = '\n';
  for (int position = 0; position < 200; ++position) {
    run(token, position);
    token = graven::argmax(std::span(logits));
    firmware::put(static_cast<char>(token));
  }
  firmware::print("\n");
  firmware::print_line("weight_bytes ", weight_bytes);
  if (firmware::counter_unit() != firmware::Unit::none) {
    const firmware::Measurement cost = firmware::measure([](void*) { run(' ', 200); }, nullptr);
    firmware::print_line("instructions ", cost.count);
  }
  firmware::print_line("end");
  return 0;
}
