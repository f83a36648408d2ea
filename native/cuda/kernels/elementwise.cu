// add, mul, scale, silu_mul, gelu, gelu_mul, softcap: y = f(a, b), element by element.
#include "gatun/activation.cuh"
#include "gatun/vector.cuh"

#define ELEMENTWISE_PARAMS(FIELD) \
  FIELD(gatun::Rows, a)           \
  FIELD(gatun::Rows, b)           \
  FIELD(gatun::Rows, y)           \
  FIELD(int, width)               \
  FIELD(int, lanes)               \
  FIELD(float, number)
GATUN_PARAMS(ElementwiseParams, ELEMENTWISE_PARAMS)

namespace gatun {

struct AddOf {
  static constexpr bool two = true;
  __device__ __forceinline__ static float of(float a, float b, float) { return a + b; }
};

struct MulOf {
  static constexpr bool two = true;
  __device__ __forceinline__ static float of(float a, float b, float) { return a * b; }
};

struct ScaleOf {
  static constexpr bool two = false;
  __device__ __forceinline__ static float of(float a, float, float factor) { return a * factor; }
};

struct SoftcapOf {
  static constexpr bool two = false;
  __device__ __forceinline__ static float of(float a, float, float cap) { return cap * tanhf(a / cap); }
};

// A row is done by 2^lanes neighbouring threads, each four neighbouring elements at a time: 16 bytes of F32, 8 of the 16-bit types. b may be one row for all (stride 0).
template <class F, int THREADS>
__device__ void elementwise(const ElementwiseParams& p) {
  launch_dependent_kernels();
  wait_for_prior_kernels();
  const int rows = p.a.rows();
  const int lane = threadIdx.x & ((1 << p.lanes) - 1);
  const int together = THREADS >> p.lanes;
  for (int64_t r = static_cast<int64_t>(blockIdx.x) * together + (threadIdx.x >> p.lanes); r < rows; r += static_cast<int64_t>(gridDim.x) * together) {
    const char* a = p.a.row(static_cast<int>(r));
    const char* b = F::two ? p.b.row(static_cast<int>(r)) : a;
    char* y = p.y.row(static_cast<int>(r));
    const bool quads = aligned4(a, p.a.dtype) && aligned4(y, p.y.dtype) && (!F::two || aligned4(b, p.b.dtype));
    const int whole = quads ? p.width & ~3 : 0;
    const int step = static_cast<int>(gridDim.y) << p.lanes;
    const int first = (static_cast<int>(blockIdx.y) << p.lanes) + lane;
    for (int64_t i = static_cast<int64_t>(first) * 4; i < whole; i += static_cast<int64_t>(step) * 4) {
      const float4 va = load4(a, p.a.dtype, i);
      const float4 vb = F::two ? load4(b, p.b.dtype, i) : va;
      store4(y, p.y.dtype, i,
             make_float4(F::of(va.x, vb.x, p.number), F::of(va.y, vb.y, p.number), F::of(va.z, vb.z, p.number), F::of(va.w, vb.w, p.number)));
    }
    for (int64_t i = static_cast<int64_t>(whole) + first; i < p.width; i += step) {
      const float va = load(a, p.a.dtype, i);
      const float vb = F::two ? load(b, p.b.dtype, i) : va;
      store(y, p.y.dtype, i, F::of(va, vb, p.number));
    }
  }
}

}  // namespace gatun

#define GATUN_ELEMENTWISE(NAME, OF)                                                        \
  GATUN_KERNEL(NAME, ElementwiseParams, 256, gatun::elementwise<gatun::OF, 256>)           \
  GATUN_TILE(NAME, programmatic, 1)

GATUN_ELEMENTWISE(add, AddOf)
GATUN_ELEMENTWISE(mul, MulOf)
GATUN_ELEMENTWISE(scale, ScaleOf)
GATUN_ELEMENTWISE(silu_mul, SiluMulOf)
GATUN_ELEMENTWISE(gelu_erf, GeluErf)
GATUN_ELEMENTWISE(gelu_tanh, GeluTanh)
GATUN_ELEMENTWISE(gelu_erf_mul, GeluErfMul)
GATUN_ELEMENTWISE(gelu_tanh_mul, GeluTanhMul)
GATUN_ELEMENTWISE(softcap, SoftcapOf)
