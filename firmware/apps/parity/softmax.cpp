// Softmax: steps so fine that all 256 differences count, and so coarse that few do.
#include "compare.hpp"

namespace parity {

void check() {
  compare<Sequential<Softmax>, Shape{1, 1, 300}, centred>("softmax of 300");
  compare<Sequential<SoftmaxWith<0.1f>>, Shape{2, 3, 11}, centred>("softmax, fine");
  compare<Sequential<SoftmaxWith<3.0f>>, Shape{2, 3, 2}, centred>("softmax, coarse");
  compare<Sequential<SoftmaxWith<60.0f>>, Shape{1, 1, 40}, centred>("softmax, one step");
}

}  // namespace parity
