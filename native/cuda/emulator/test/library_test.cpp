// Kernels of the library in odd shapes, on memory that ends where their tensors end: what they touch beyond is found by the machine or by AddressSanitizer, what
// they leave unordered by the machine or by ThreadSanitizer.
#include <algorithm>
#include <cmath>

#include "gatun/dtypes.h"
#include "harness.h"

namespace gatun::emulator::test {

namespace {

// As gatun::Rows, which needs a kernel's headers.
struct RowsView {
  const void* base;
  const int32_t* count;
  int64_t stride[3];
  int32_t bound, middle, inner, dtype;
};

RowsView rows_of(const float* base, int rows, int width, int middle = 1) {
  const int64_t row = static_cast<int64_t>(width) * 4;
  return RowsView{base, nullptr, {row * middle, row, 0}, rows, middle, 1, F32};
}

// A launch whose parameters are set by name; what is not set is zero.
class Call {
 public:
  explicit Call(const char* symbol) : entry_(kernel(symbol)) {
    spec_.kernel = entry_;
    spec_.params.resize(entry_->params_size);
  }

  template <class T>
  Call& set(const char* name, const T& value) {
    for (const Field& field : entry_->fields) {
      if (std::strcmp(field.name, name) == 0 && field.size == sizeof(T)) {
        std::memcpy(spec_.params.data() + field.offset, &value, sizeof(T));
        return *this;
      }
    }
    expect(false, std::string(entry_->symbol) + " has no parameter " + name + " of " + std::to_string(sizeof(T)) + " bytes");
    return *this;
  }

  void run(Dim3 grid, size_t dynamic_shared = 0) {
    spec_.grid = grid;
    spec_.block = Dim3{entry_->threads, 1, 1};
    spec_.dynamic_shared = dynamic_shared;
    expect_clean(execute(spec_), entry_->symbol);
  }

  int tile(const char* key) const {
    for (const TileEntry* tile : tiles()) {
      if (std::strcmp(tile->key, key) == 0 && std::strcmp(tile->symbol, entry_->symbol) == 0) {
        return static_cast<int>(tile->value);
      }
    }
    expect(false, std::string(entry_->symbol) + " has no tile " + key);
    return 0;
  }

 private:
  const KernelEntry* entry_;
  LaunchSpec spec_;
};

float* wave(int count, float step) {
  auto* const values = allocate_of<float>(static_cast<size_t>(count));
  for (int i = 0; i < count; i++) {
    values[i] = std::sin(static_cast<float>(i) * step) * 3;
  }
  return values;
}

void expect_near(double is, double should, const std::string& what) {
  expect(std::abs(is - should) <= 1e-4 * (1 + std::abs(should)), what + " is " + std::to_string(is) + ", not " + std::to_string(should));
}

void norms(int rows, int width) {
  const float* const x = wave(rows * width, 0.37f);
  const float* const weight = wave(width, 0.11f);
  float* const y = allocate_of<float>(static_cast<size_t>(rows * width));
  Call("gatun_rms_norm_128")
      .set("x", rows_of(x, rows, width))
      .set("y", rows_of(y, rows, width))
      .set("weight", weight)
      .set("width", width)
      .set("epsilon", 1e-5f)
      .run(Dim3{2, 1, 1});
  for (int r = 0; r < rows; r++) {
    double squares = 0;
    for (int i = 0; i < width; i++) {
      squares += static_cast<double>(x[r * width + i]) * x[r * width + i];
    }
    const int last = r * width + width - 1;
    expect_near(y[last], x[last] / std::sqrt(squares / width + 1e-5) * weight[width - 1], "the last of a normed row of " + std::to_string(width));
  }
  release_all();
}

void rope(int tokens, int heads, int size, int dims) {
  const int count = tokens * heads * size;
  const float* const x = wave(count, 0.23f);
  float* const y = allocate_of<float>(static_cast<size_t>(count));
  auto* const positions = allocate_of<int32_t>(static_cast<size_t>(tokens));
  auto* const turns = allocate_of<double>(static_cast<size_t>(dims / 2));
  for (int t = 0; t < tokens; t++) {
    positions[t] = 5 + 3 * t;
  }
  for (int i = 0; i < dims / 2; i++) {
    turns[i] = 0.125 / (1 + i);
  }
  Call("gatun_rope")
      .set("x", rows_of(x, tokens, size, heads))
      .set("y", rows_of(y, tokens, size, heads))
      .set("positions", static_cast<const int32_t*>(positions))
      .set("turns", static_cast<const double*>(turns))
      .set("magnitude", 1.0f)
      .set("dims", dims)
      .set("size", size)
      .run(Dim3{2, 1, 1}, static_cast<size_t>(dims / 2) * 8);
  const int row = count - size, half = dims / 2;
  const double angle = 2 * 3.14159265358979323846 * positions[tokens - 1] * turns[half - 1];
  expect_near(y[row + half - 1], x[row + half - 1] * std::cos(angle) - x[row + dims - 1] * std::sin(angle), "a turned element");
  expect_near(y[count - 1], dims < size ? x[count - 1] : x[row + half - 1] * std::sin(angle) + x[row + dims - 1] * std::cos(angle), "the last element");
  release_all();
}

void softmax(int rows, int width) {
  const float* const x = wave(rows * width, 0.71f);
  float* const y = allocate_of<float>(static_cast<size_t>(rows * width));
  Call("gatun_softmax_128").set("x", rows_of(x, rows, width)).set("y", rows_of(y, rows, width)).set("width", width).set("factor", 0.5f).run(Dim3{2, 1, 1});
  for (int r = 0; r < rows; r++) {
    double sum = 0;
    for (int i = 0; i < width; i++) {
      sum += std::exp(0.5 * x[r * width + i]);
    }
    const int last = r * width + width - 1;
    expect_near(y[last], std::exp(0.5 * x[last]) / sum, "the last of a softmax");
  }
  release_all();
}

void top_k(int rows, int width, int k) {
  int room = 1;
  while (room < k) {
    room *= 2;
  }
  const float* const x = wave(rows * width, 0.19f);
  float* const values = allocate_of<float>(static_cast<size_t>(rows * k));
  float* const indices = allocate_of<float>(static_cast<size_t>(rows * k));
  auto* const sorted = allocate_of<unsigned long long>(static_cast<size_t>(rows * room));
  Call("gatun_top_k")
      .set("x", rows_of(x, rows, width))
      .set("values", rows_of(values, rows, k))
      .set("indices", rows_of(indices, rows, k))
      .set("sorted", sorted)
      .set("width", width)
      .set("k", k)
      .set("room", room)
      .run(Dim3{static_cast<unsigned>(rows), 1, 1});
  for (int r = 0; r < rows; r++) {
    std::vector<float> row(x + r * width, x + (r + 1) * width);
    std::sort(row.begin(), row.end(), [](float a, float b) { return a > b; });
    for (int i = 0; i < k; i++) {
      expect_near(values[r * k + i], row[static_cast<size_t>(i)], "value " + std::to_string(i) + " of the largest");
    }
  }
  release_all();
}

void gemv(int m, int n, int k) {
  const float* const x = wave(m * k, 0.17f);
  const float* const w = wave(n * k, 0.29f);
  const float* const bias = wave(n, 0.5f);
  float* const y = allocate_of<float>(static_cast<size_t>(m * n));
  Call call("gatun_gemv_f32_4");
  const int room = (k / 4 + 32) / 32 * 32;
  const int stages = 2;
  call.set("x", rows_of(x, m, k))
      .set("y", rows_of(y, m, n))
      .set("w", reinterpret_cast<const char*>(w))
      .set("w_stride", static_cast<int64_t>(k) * 4)
      .set("bias", bias)
      .set("n", n)
      .set("k", k)
      .set("split", 2)
      .set("room", room)
      .set("stages", stages)
      .run(Dim3{2, static_cast<unsigned>(m + 3) / 4, 1},
           static_cast<size_t>(call.tile("scratch") + room * 4 * call.tile("elements") * 4 + stages * call.tile("stage")));
  for (int i = 0; i < m * n; i++) {
    double sum = bias[i % n];
    for (int j = 0; j < k; j++) {
      sum += static_cast<double>(x[i / n * k + j]) * w[i % n * k + j];
    }
    expect(std::abs(y[i] - sum) <= 1e-3 * (1 + std::abs(sum)), "gemv " + std::to_string(i) + " is " + std::to_string(y[i]) + ", not " + std::to_string(sum));
  }
  release_all();
}

// One token of one sequence over plain rows of keys and values.
void attention(int keys, int kv_heads, int group, int size) {
  const int heads = kv_heads * group;
  const float* const q = wave(heads * size, 0.13f);
  const float* const k = wave(keys * kv_heads * size, 0.31f);
  const float* const v = wave(keys * kv_heads * size, 0.57f);
  float* const y = allocate_of<float>(static_cast<size_t>(heads * size));
  const int splits = 2;
  float* const partials = allocate_of<float>(static_cast<size_t>(heads * splits * (size + 4)));
  const auto pair = [](int32_t first, int32_t second) {
    auto* const both = allocate_of<int32_t>(2);
    both[0] = first;
    both[1] = second;
    return static_cast<const int32_t*>(both);
  };
  auto* const positions = allocate_of<int32_t>(1);
  positions[0] = keys - 1;
  const int64_t row = static_cast<int64_t>(kv_heads) * size * 4;
  const auto set = [&](Call& call) -> Call& {
    return call.set("q", rows_of(q, 1, size, heads))
        .set("y", rows_of(y, 1, size, heads))
        .set("starts", pair(0, 1))
        .set("positions", static_cast<const int32_t*>(positions))
        .set("key_starts", pair(0, keys))
        .set("k", reinterpret_cast<const char*>(k))
        .set("v", reinterpret_cast<const char*>(v))
        .set("partials", partials)
        .set("key_head", static_cast<int64_t>(size) * 4)
        .set("value_head", static_cast<int64_t>(size) * 4)
        .set("key_row", row)
        .set("value_row", row)
        .set("sequences", 1)
        .set("key_rows", keys)
        .set("heads", kv_heads)
        .set("group", group)
        .set("key_size", size)
        .set("value_size", size)
        .set("causal", 1)
        .set("splits", splits)
        .set("scale", 0.125f)
        .set("kept", F32);
  };
  Call decode("gatun_attention_decode_64"), merge("gatun_attention_merge_256");
  set(decode).run(Dim3{static_cast<unsigned>(kv_heads * ((group + 3) / 4) * splits), 1, 1});
  set(merge).run(Dim3{static_cast<unsigned>(heads), 1, 1});
  for (int h = 0; h < heads; h++) {
    double sum = 0, last = 0;
    for (int j = 0; j < keys; j++) {
      double score = 0;
      for (int i = 0; i < size; i++) {
        score += static_cast<double>(q[h * size + i]) * k[(j * kv_heads + h / group) * size + i];
      }
      const double weight = std::exp(0.125 * score);
      sum += weight;
      last += weight * v[(j * kv_heads + h / group) * size + size - 1];
    }
    expect(std::abs(y[h * size + size - 1] - last / sum) < 1e-3, "attention of head " + std::to_string(h) + " is " + std::to_string(y[h * size + size - 1]) +
                                                                     ", not " + std::to_string(last / sum));
  }
  release_all();
}

}  // namespace

void test_library() {
  norms(3, 67);
  norms(2, 1);
  norms(5, 128);
  rope(3, 3, 10, 6);
  rope(2, 1, 8, 8);
  softmax(3, 131);
  top_k(2, 37, 5);
  gemv(3, 7, 45);
  gemv(5, 3, 129);
  attention(37, 2, 3, 24);
  attention(131, 1, 5, 64);
}

}  // namespace gatun::emulator::test
