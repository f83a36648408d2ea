// Matrix operations of a warp. `lanes` holds what each of its 32 lanes brought, as host/asynchronous.h packs it.
#pragma once

#include <cstdint>

namespace gatun::emulator {

// ldmatrix.m8n8.x4: each lane brings {row address, four registers to fill}.
void load_matrices(const uint64_t* lanes, bool transposed);

// mma.m16n8k16 and m16n8k32: each lane brings MmaOperands. Every element of d is the float64 sum of the exact products in ascending k, then of d, rounded to
// float once; for integers it is exact and wraps.
void multiply_f16(const uint64_t* lanes);
void multiply_bf16(const uint64_t* lanes);
void multiply_s8(const uint64_t* lanes);
void multiply_e4m3(const uint64_t* lanes);

// The value of an element.
double half_value(uint32_t bits);
double brain_value(uint32_t bits);
double e4m3_value(uint32_t bits);

}  // namespace gatun::emulator
