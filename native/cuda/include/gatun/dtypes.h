// The element types, for kernels and for the manifest alike.
#pragma once

#include <stdint.h>

namespace gatun {

#define GATUN_DTYPES(APPLY)                                                                                                                              \
  APPLY(F32) APPLY(F16) APPLY(BF16) APPLY(I8) APPLY(I32) APPLY(F8_E4M3) APPLY(F8_E5M2) APPLY(Q8_0) APPLY(Q4_0) APPLY(Q4_1) APPLY(Q5_0) APPLY(Q5_1)       \
  APPLY(Q2_K) APPLY(Q3_K) APPLY(Q4_K) APPLY(Q5_K) APPLY(Q6_K) APPLY(IQ4_NL) APPLY(MXFP4) APPLY(IQ4_XS) APPLY(TQ1_0)       \
  APPLY(TQ2_0)

// Under the ordinals of the Java API's DType; the manifest records them and the backend compares.
#define GATUN_DTYPE_NAME(NAME) NAME,
enum DType : int32_t { GATUN_DTYPES(GATUN_DTYPE_NAME) };
#undef GATUN_DTYPE_NAME

}  // namespace gatun
