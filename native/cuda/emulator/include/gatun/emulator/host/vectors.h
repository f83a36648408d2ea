// CUDA's vector types, with CUDA's alignment, which is what makes a misaligned one be seen.
#pragma once

#define GATUN_VECTOR2(NAME, TYPE, BYTES)            \
  struct alignas(BYTES) NAME {                      \
    TYPE x, y;                                      \
  };                                                \
  static __forceinline__ NAME make_##NAME(TYPE x, TYPE y) { return NAME{x, y}; }
#define GATUN_VECTOR3(NAME, TYPE)                   \
  struct NAME {                                     \
    TYPE x, y, z;                                   \
  };                                                \
  static __forceinline__ NAME make_##NAME(TYPE x, TYPE y, TYPE z) { return NAME{x, y, z}; }
#define GATUN_VECTOR4(NAME, TYPE, BYTES)            \
  struct alignas(BYTES) NAME {                      \
    TYPE x, y, z, w;                                \
  };                                                \
  static __forceinline__ NAME make_##NAME(TYPE x, TYPE y, TYPE z, TYPE w) { return NAME{x, y, z, w}; }

GATUN_VECTOR2(char2, signed char, 2)
GATUN_VECTOR2(uchar2, unsigned char, 2)
GATUN_VECTOR2(short2, short, 4)
GATUN_VECTOR2(ushort2, unsigned short, 4)
GATUN_VECTOR2(int2, int, 8)
GATUN_VECTOR2(uint2, unsigned, 8)
GATUN_VECTOR2(float2, float, 8)
GATUN_VECTOR2(double2, double, 16)
GATUN_VECTOR2(longlong2, long long, 16)
GATUN_VECTOR2(ulonglong2, unsigned long long, 16)
GATUN_VECTOR3(int3, int)
GATUN_VECTOR3(uint3, unsigned)
GATUN_VECTOR3(float3, float)
GATUN_VECTOR4(char4, signed char, 4)
GATUN_VECTOR4(uchar4, unsigned char, 4)
GATUN_VECTOR4(short4, short, 8)
GATUN_VECTOR4(ushort4, unsigned short, 8)
GATUN_VECTOR4(int4, int, 16)
GATUN_VECTOR4(uint4, unsigned, 16)
GATUN_VECTOR4(float4, float, 16)

#undef GATUN_VECTOR2
#undef GATUN_VECTOR3
#undef GATUN_VECTOR4

// Loads and stores with a hint for the caches, which the machine does not have.
template <class T>
__forceinline__ T __ldg(const T* from) {
  return *from;
}
template <class T>
__forceinline__ T __ldcs(const T* from) {
  return *from;
}
template <class T>
__forceinline__ T __ldcg(const T* from) {
  return *from;
}
template <class T>
__forceinline__ T __ldca(const T* from) {
  return *from;
}
template <class T>
__forceinline__ void __stcs(T* to, T value) {
  *to = value;
}
template <class T>
__forceinline__ void __stcg(T* to, T value) {
  *to = value;
}
