// Atomics on global and shared memory.
#pragma once

static inline int atomicAdd(int* to, int v) {
  return static_cast<int>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kAdd32, to, static_cast<unsigned>(v)));
}
static inline unsigned atomicAdd(unsigned* to, unsigned v) {
  return static_cast<unsigned>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kAdd32, to, v));
}
static inline unsigned long long atomicAdd(unsigned long long* to, unsigned long long v) {
  return gatun::emulator::atomic(gatun::emulator::AtomicOperation::kAdd64, to, v);
}
static inline float atomicAdd(float* to, float v) {
  return __uint_as_float(static_cast<unsigned>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kAddFloat, to, __float_as_uint(v))));
}
static inline int atomicSub(int* to, int v) { return atomicAdd(to, static_cast<int>(0u - static_cast<unsigned>(v))); }
static inline unsigned atomicSub(unsigned* to, unsigned v) { return atomicAdd(to, 0u - v); }

static inline int atomicMax(int* to, int v) {
  return static_cast<int>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kMaxSigned, to, static_cast<unsigned>(v)));
}
static inline unsigned atomicMax(unsigned* to, unsigned v) {
  return static_cast<unsigned>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kMaxUnsigned, to, v));
}
static inline int atomicMin(int* to, int v) {
  return static_cast<int>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kMinSigned, to, static_cast<unsigned>(v)));
}
static inline unsigned atomicMin(unsigned* to, unsigned v) {
  return static_cast<unsigned>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kMinUnsigned, to, v));
}

static inline int atomicExch(int* to, int v) {
  return static_cast<int>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kExchange32, to, static_cast<unsigned>(v)));
}
static inline unsigned atomicExch(unsigned* to, unsigned v) {
  return static_cast<unsigned>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kExchange32, to, v));
}
static inline unsigned long long atomicExch(unsigned long long* to, unsigned long long v) {
  return gatun::emulator::atomic(gatun::emulator::AtomicOperation::kExchange64, to, v);
}
static inline float atomicExch(float* to, float v) {
  return __uint_as_float(static_cast<unsigned>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kExchange32, to, __float_as_uint(v))));
}

static inline int atomicOr(int* to, int v) {
  return static_cast<int>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kOr32, to, static_cast<unsigned>(v)));
}
static inline unsigned atomicOr(unsigned* to, unsigned v) {
  return static_cast<unsigned>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kOr32, to, v));
}
static inline unsigned atomicAnd(unsigned* to, unsigned v) {
  return static_cast<unsigned>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kAnd32, to, v));
}
static inline unsigned atomicInc(unsigned* to, unsigned bound) {
  return static_cast<unsigned>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kIncrement, to, bound));
}
static inline unsigned atomicDec(unsigned* to, unsigned bound) {
  return static_cast<unsigned>(gatun::emulator::atomic(gatun::emulator::AtomicOperation::kDecrement, to, bound));
}

static inline int atomicCAS(int* to, int expected, int desired) {
  return static_cast<int>(gatun::emulator::atomic_compare_and_swap(to, 4, static_cast<unsigned>(expected), static_cast<unsigned>(desired)));
}
static inline unsigned atomicCAS(unsigned* to, unsigned expected, unsigned desired) {
  return static_cast<unsigned>(gatun::emulator::atomic_compare_and_swap(to, 4, expected, desired));
}
static inline unsigned long long atomicCAS(unsigned long long* to, unsigned long long expected, unsigned long long desired) {
  return gatun::emulator::atomic_compare_and_swap(to, 8, expected, desired);
}
