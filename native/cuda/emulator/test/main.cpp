#include "harness.h"

namespace gatun::emulator::test {
void test_norms();
void test_faults();
}  // namespace gatun::emulator::test

int main() {
  using namespace gatun::emulator::test;
  test_norms();
  test_faults();
  std::printf("%d of %d cases passed\n", cases - failures, cases);
  return failures == 0 ? 0 : 1;
}
