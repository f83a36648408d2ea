// cp_async: a copy is noted when it is asked for and done as late as the wait that covers it allows. Until then nobody may touch where it goes.
#include <cstring>

#include "access.h"
#include "ordering.h"

namespace gatun::emulator {

namespace {

constexpr size_t kCopy = 16;

void land(Worker& worker, const AsyncCopy& copy) {
  const auto to = reinterpret_cast<uintptr_t>(copy.shared);
  const size_t bytes = static_cast<size_t>(copy.bytes);
  std::memcpy(copy.shared, copy.global, bytes);
  std::memset(copy.shared + bytes, 0, kCopy - bytes);
  if (checked != nullptr) {
    std::memset(worker.shared_state + (to - worker.shared_low), kInitialised, kCopy);
    note_shared_write(worker, to, kCopy);
  }
}

}  // namespace

void copy_async(void* shared, const void* global, int bytes, const char* file, int line) {
  Worker& worker = *current;
  Thread& thread = *worker.thread;
  const auto to = reinterpret_cast<uintptr_t>(shared);
  const auto from = reinterpret_cast<uintptr_t>(global);
  if (!in_shared(worker, to) || bytes < 0 || bytes > static_cast<int>(kCopy)) {
    fail(worker, kLaunchFailed, "cp_async16 (" + describe_place(Place{file, line}) + ") " +
                                    (in_shared(worker, to) ? "of " + std::to_string(bytes) + " bytes; 0 to 16 are possible"
                                                            : "to an address outside shared memory"));
  }
  if (checked != nullptr) {
    check_access(worker, to, kCopy, kCopy, Access::kWrite, "cp_async16 writes");
    if (from % kCopy != 0) {
      fail(worker, kMisalignedAddress, "cp_async16 (" + describe_place(Place{file, line}) + ") reads at an address that is not a multiple of 16: " +
                                           describe_address(worker, from));
    }
    if (bytes != 0) {
      check_access(worker, from, static_cast<size_t>(bytes), 1, Access::kRead, "cp_async16 reads");
    }
    std::memset(worker.shared_state + (to - worker.shared_low), kPending, kCopy);
  }
  thread.copies.push_back(AsyncCopy{static_cast<unsigned char*>(shared), static_cast<const unsigned char*>(global), bytes, thread.open_group});
}

void copy_async_commit(const char* file, int line) {
  if (!pass_by("cp_async_commit", file, line)) {
    current->thread->open_group++;
  }
}

void copy_async_wait(int groups, const char* file, int line) {
  if (pass_by("cp_async_wait", file, line)) {
    return;
  }
  Worker& worker = *current;
  Thread& thread = *worker.thread;
  size_t kept = 0;
  for (size_t i = 0; i < thread.copies.size(); i++) {
    const AsyncCopy copy = thread.copies[i];
    // Done are all groups that were closed but the last few; what is in the open group is not waited for.
    if (static_cast<int64_t>(copy.group) < static_cast<int64_t>(thread.open_group) - groups) {
      land(worker, copy);
    } else {
      thread.copies[kept++] = copy;
    }
  }
  thread.copies.resize(kept);
}

}  // namespace gatun::emulator
