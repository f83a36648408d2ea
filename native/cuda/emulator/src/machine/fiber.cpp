#include "fiber.h"

#include "sanitizers.h"

#include <sys/mman.h>

// GATUN_EMULATOR_UCONTEXT takes the C library's switch where there is one of our own, so that it can be tried.
#if defined(GATUN_EMULATOR_UCONTEXT) || (!defined(__x86_64__) && !defined(__aarch64__))
#define GATUN_LIBRARY_SWITCH
#include <ucontext.h>
#endif

namespace gatun::emulator {

#if defined(__x86_64__) && !defined(GATUN_LIBRARY_SWITCH)

// The System V ABI lets a call change all but rbx, rbp, r12 to r15 and the stack pointer. The jump at the end, unlike a return, does not upset the processor's
// stack of return addresses.
asm(R"(
.text
.p2align 4
.hidden gatun_emulator_switch
.globl gatun_emulator_switch
.type gatun_emulator_switch, @function
gatun_emulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq (%rsi), %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  popq %rcx
  jmp *%rcx
.size gatun_emulator_switch, .-gatun_emulator_switch
)");

extern "C" __attribute__((visibility("hidden"))) void gatun_emulator_switch(void** from, void* const* to);

void switch_context(Context& from, const Context& to) { gatun_emulator_switch(&from.point, &to.point); }

Context new_context(unsigned char* top, void (*entry)()) {
  auto* frame = reinterpret_cast<void**>(reinterpret_cast<uintptr_t>(top) & ~static_cast<uintptr_t>(15));
  // The entry sees the stack as after a call: 8 bytes below a multiple of 16, holding an address to return to.
  *--frame = nullptr;
  *--frame = reinterpret_cast<void*>(entry);
  for (int i = 0; i < 6; i++) {
    *--frame = nullptr;
  }
  return Context{frame};
}

#elif defined(__aarch64__) && !defined(GATUN_LIBRARY_SWITCH)

// AAPCS64: x19 to x30, the lower halves of v8 to v15, and the stack pointer.
asm(R"(
.text
.p2align 4
.hidden gatun_emulator_switch
.globl gatun_emulator_switch
.type gatun_emulator_switch, %function
gatun_emulator_switch:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x2, sp
  str x2, [x0]
  ldr x2, [x1]
  mov sp, x2
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size gatun_emulator_switch, .-gatun_emulator_switch
)");

extern "C" __attribute__((visibility("hidden"))) void gatun_emulator_switch(void** from, void* const* to);

void switch_context(Context& from, const Context& to) { gatun_emulator_switch(&from.point, &to.point); }

Context new_context(unsigned char* top, void (*entry)()) {
  auto* frame = reinterpret_cast<void**>(reinterpret_cast<uintptr_t>(top) & ~static_cast<uintptr_t>(15)) - 20;
  for (int i = 0; i < 20; i++) {
    frame[i] = nullptr;
  }
  frame[11] = reinterpret_cast<void*>(entry);
  return Context{frame};
}

#else

void switch_context(Context& from, const Context& to) {
  ucontext_t here;
  from.point = &here;
  swapcontext(&here, static_cast<const ucontext_t*>(to.point));
}

Context new_context(unsigned char* top, void (*entry)()) {
  top -= (sizeof(ucontext_t) + 63) & ~static_cast<size_t>(63);
  auto* context = reinterpret_cast<ucontext_t*>(reinterpret_cast<uintptr_t>(top) & ~static_cast<uintptr_t>(63));
  getcontext(context);
  context->uc_stack.ss_sp = reinterpret_cast<unsigned char*>(context) - StackPool::kUsable;
  context->uc_stack.ss_size = StackPool::kUsable;
  context->uc_link = nullptr;
  makecontext(context, entry, 0);
  return Context{context};
}

#endif

unsigned char* StackPool::take() {
  if (free_.empty()) {
    constexpr size_t kStacks = 32;
    void* const mapped = mmap(nullptr, kStacks * kSpan, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) {
      return nullptr;
    }
    for (size_t i = 0; i < kStacks; i++) {
      unsigned char* const stack = static_cast<unsigned char*>(mapped) + i * kSpan;
      mprotect(stack, 4096, PROT_NONE);
      free_.push_back(stack);
    }
  }
  unsigned char* const stack = free_.back();
  free_.pop_back();
  // The thread that had the stack before left its frames without returning, so the guards between their variables are still marked.
  allow_memory(stack + 4096, kSpan - 4096);
  return stack;
}

}  // namespace gatun::emulator
