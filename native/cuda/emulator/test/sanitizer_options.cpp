// What the sanitizers' runtimes ask a program for when it starts.
#define GATUN_FOR_RUNTIME extern "C" __attribute__((visibility("default"))) const char*

#if defined(__SANITIZE_ADDRESS__)
// The emulator's own objects live as long as the process.
GATUN_FOR_RUNTIME __asan_default_options();
GATUN_FOR_RUNTIME __asan_default_options() { return "detect_leaks=0:allocator_may_return_null=1"; }
#endif

#if defined(__SANITIZE_THREAD__)
// Each thread of a block remembers its latest accesses; by default those of a large block would take a gigabyte.
GATUN_FOR_RUNTIME __tsan_default_options();
GATUN_FOR_RUNTIME __tsan_default_options() { return "history_size=1:halt_on_error=1"; }
#endif
