#include <cstdlib>

#include "harness.h"

namespace gatun::emulator::test {
void test_norms();
void test_faults();
void test_library();
int run_wrong_kernel(const char* symbol);
void test_gemvs();
void test_mutants();
void test_intrinsics();
void test_collectives();
void test_warpgroups();
void test_rings();
}  // namespace gatun::emulator::test

int main(int count, char** arguments) {
  using namespace gatun::emulator::test;
  if (count > 1) {
    return run_wrong_kernel(arguments[1]);
  }
  const char* const checks = std::getenv("GATUN_EMULATOR_CHECKS");
  setenv("GATUN_EMULATOR_TIMEOUT", "3", 1);
  test_norms();
  // What is not checked for ends in a crash, so the wrong kernels run only where it is.
  if (checks == nullptr || std::strcmp(checks, "all") == 0) {
    test_faults();
    test_mutants();
  }
  test_gemvs();
  test_intrinsics();
  test_collectives();
  test_warpgroups();
  test_rings();
  test_library();
  std::printf("%d of %d cases passed\n", cases - failures, cases);
  return failures == 0 ? 0 : 1;
}
