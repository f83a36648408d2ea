// embedding: y[t] = table[ids[t]] for a table of any type; NaN where an id is outside the table. A thread does eight elements; the picked rows are read once,
// and 4 or 2 bytes an element written.
#include "gatun/groups.cuh"

#define EMBEDDING_PARAMS(FIELD) \
  FIELD(const int32_t*, ids)    \
  FIELD(const char*, table)     \
  FIELD(int64_t, stride)        \
  FIELD(int, vocabulary)        \
  FIELD(int, width)             \
  FIELD(gatun::Rows, y)
GATUN_PARAMS(EmbeddingParams, EMBEDDING_PARAMS)

namespace gatun {

template <DType T, int THREADS>
__device__ void embedding(const EmbeddingParams& p) {
  const unsigned tokens = p.y.rows();
  const unsigned groups = (static_cast<unsigned>(p.width) + 7) / 8;
  for (Units u(blockIdx.x * THREADS + threadIdx.x, gridDim.x * THREADS, groups); u.row < tokens; u.next()) {
    const int id = p.ids[u.row];
    const bool known = id >= 0 && id < p.vocabulary;
    const char* row = p.table + (known ? id : 0) * p.stride;
    char* y = p.y.row(u.row);
    const int64_t i = static_cast<int64_t>(u.at) * 8;
    const float nan = __uint_as_float(0x7FC00000u);
    if (Format<T>::block == 1 && i + 8 > p.width) {
      for (int64_t k = i; k < p.width; k++) {
        store(y, p.y.dtype, k, known ? Format<T>::decode(row, k) : nan);
      }
      continue;
    }
    float v[8] = {nan, nan, nan, nan, nan, nan, nan, nan};
    if (known) {
      load_group<T>(row, u.at, v);
    }
    store_group(y, p.y.dtype, i, v);
  }
}

}  // namespace gatun

GATUN_KERNEL(embedding_f32, EmbeddingParams, 256, gatun::embedding<gatun::F32, 256>)
GATUN_KERNEL(embedding_f16, EmbeddingParams, 256, gatun::embedding<gatun::F16, 256>)
GATUN_KERNEL(embedding_bf16, EmbeddingParams, 256, gatun::embedding<gatun::BF16, 256>)
GATUN_KERNEL(embedding_f8_e4m3, EmbeddingParams, 256, gatun::embedding<gatun::F8_E4M3, 256>)
GATUN_KERNEL(embedding_f8_e5m2, EmbeddingParams, 256, gatun::embedding<gatun::F8_E5M2, 256>)
GATUN_KERNEL(embedding_q8_0, EmbeddingParams, 256, gatun::embedding<gatun::Q8_0, 256>)
GATUN_KERNEL(embedding_q4_0, EmbeddingParams, 256, gatun::embedding<gatun::Q4_0, 256>)
GATUN_KERNEL(embedding_q4_1, EmbeddingParams, 256, gatun::embedding<gatun::Q4_1, 256>)
GATUN_KERNEL(embedding_q5_0, EmbeddingParams, 256, gatun::embedding<gatun::Q5_0, 256>)
GATUN_KERNEL(embedding_q5_1, EmbeddingParams, 256, gatun::embedding<gatun::Q5_1, 256>)
GATUN_KERNEL(embedding_q2_k, EmbeddingParams, 256, gatun::embedding<gatun::Q2_K, 256>)
GATUN_KERNEL(embedding_q3_k, EmbeddingParams, 256, gatun::embedding<gatun::Q3_K, 256>)
GATUN_KERNEL(embedding_q4_k, EmbeddingParams, 256, gatun::embedding<gatun::Q4_K, 256>)
GATUN_KERNEL(embedding_q5_k, EmbeddingParams, 256, gatun::embedding<gatun::Q5_K, 256>)
GATUN_KERNEL(embedding_q6_k, EmbeddingParams, 256, gatun::embedding<gatun::Q6_K, 256>)
GATUN_KERNEL(embedding_iq4_nl, EmbeddingParams, 256, gatun::embedding<gatun::IQ4_NL, 256>)
GATUN_KERNEL(embedding_mxfp4, EmbeddingParams, 256, gatun::embedding<gatun::MXFP4, 256>)
