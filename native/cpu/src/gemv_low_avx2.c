/* One row of x with weights of two to four bits; see low_bits.h. */
#include "avx2.h"

#define NAMED(name) name##_avx2

INLINE ints signed_dot(ints w, ints x) { return dot_signed(w, _mm256_abs_epi8(w), x); }

#include "low_bits.h"
