package dev.gatun.cpu.library;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A loaded library of C kernels. It stays loaded for the life of the process. */
final class NativeLibrary {
  /** {@code GATUN_CPU_ABI} of the header that this was written to. */
  static final int ABI = 4;

  private final String compiler;
  private final NativeLevel best;
  private final MemorySegment form;
  private final MemorySegment bytes;
  private final MemorySegment activate;
  private final MemorySegment matmul;
  private final MemorySegment attends;
  private final MemorySegment attendBytes;
  private final MemorySegment attend;
  private final MemorySegment siluMul;
  private final MemorySegment add;
  private final MemorySegment scale;
  private final MemorySegment rmsNorm;
  private final MemorySegment rotate;
  private final MemorySegment largest;
  private final MemorySegment widens;
  private final MemorySegment widen;

  private NativeLibrary(String compiler, NativeLevel best, SymbolLookup symbols) {
    this.compiler = compiler;
    this.best = best;
    this.form = symbols.findOrThrow("gatun_cpu_activation_form");
    this.bytes = symbols.findOrThrow("gatun_cpu_activation_bytes");
    this.activate = symbols.findOrThrow("gatun_cpu_activate");
    this.matmul = symbols.findOrThrow("gatun_cpu_matmul");
    this.attends = symbols.findOrThrow("gatun_cpu_attends");
    this.attendBytes = symbols.findOrThrow("gatun_cpu_attend_bytes");
    this.attend = symbols.findOrThrow("gatun_cpu_attend");
    this.siluMul = symbols.findOrThrow("gatun_cpu_silu_mul");
    this.add = symbols.findOrThrow("gatun_cpu_add");
    this.scale = symbols.findOrThrow("gatun_cpu_scale");
    this.rmsNorm = symbols.findOrThrow("gatun_cpu_rms_norm");
    this.rotate = symbols.findOrThrow("gatun_cpu_rotate");
    this.largest = symbols.findOrThrow("gatun_cpu_largest");
    this.widens = symbols.findOrThrow("gatun_cpu_widens");
    this.widen = symbols.findOrThrow("gatun_cpu_widen");
  }

  /** The library for this machine, from the jar that carries it. */
  static NativeLibrary load() throws NotLoaded {
    LibraryResource resource = LibraryResource.find();
    return load(LibraryFile.of(resource, LibraryFile.cache(System.getProperties(), System.getenv())), resource.compiler());
  }

  @SuppressWarnings("restricted")
  static NativeLibrary load(Path file, String compiler) throws NotLoaded {
    SymbolLookup symbols;
    try {
      symbols = SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalCallerException e) {
      String module = NativeLibrary.class.getModule().isNamed() ? NativeLibrary.class.getModule().getName() : "ALL-UNNAMED";
      throw new NotLoaded("native access is not allowed; start java with --enable-native-access=" + module);
    } catch (IllegalArgumentException e) {
      throw new NotLoaded("the system's loader refused " + file
          + "; if its file system allows no programs, name another folder by -Dgatun.cache=FOLDER");
    }
    List<String> missing = new ArrayList<>(List.of("gatun_cpu_abi", "gatun_cpu_level", "gatun_cpu_activation_form",
        "gatun_cpu_activation_bytes", "gatun_cpu_activate", "gatun_cpu_matmul", "gatun_cpu_attends", "gatun_cpu_attend_bytes", "gatun_cpu_attend",
        "gatun_cpu_silu_mul", "gatun_cpu_add", "gatun_cpu_scale", "gatun_cpu_rms_norm", "gatun_cpu_rotate", "gatun_cpu_largest",
        "gatun_cpu_widens", "gatun_cpu_widen"));
    missing.removeIf(name -> symbols.find(name).isPresent());
    if (!missing.isEmpty()) {
      throw new NotLoaded(file + " lacks " + String.join(", ", missing) + "; use the gatun-cpu-native of gatun-cpu's version");
    }
    int abi = number(symbols, "gatun_cpu_abi");
    if (abi != ABI) {
      throw new NotLoaded("the C kernels were compiled with version " + abi + " of gatun_cpu.h, and " + ABI
          + " is needed; use the gatun-cpu-native of gatun-cpu's version");
    }
    NativeLevel best = NativeLevel.atMost(number(symbols, "gatun_cpu_level"))
        .orElseThrow(() -> new NotLoaded("this processor runs none of the C kernels, which need AVX2, FMA and F16C at the least"));
    return new NativeLibrary(compiler, best, symbols);
  }

  private static int number(SymbolLookup symbols, String function) {
    try {
      return (int) Calls.NUMBER.invokeExact(symbols.findOrThrow(function));
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  /** What made it. */
  String compiler() {
    return compiler;
  }

  /** The best level that this processor runs. */
  NativeLevel best() {
    return best;
  }

  int activationForm(NativeLevel level, int type) {
    try {
      return (int) Calls.FORM.invokeExact(form, level.number(), type);
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  long activationBytes(NativeLevel level, int type, int k) {
    try {
      return (long) Calls.BYTES.invokeExact(bytes, level.number(), type, (long) k);
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  boolean attends(NativeLevel level, int type) {
    return holds(attends, level, type);
  }

  boolean widens(NativeLevel level, int type) {
    return holds(widens, level, type);
  }

  private static boolean holds(MemorySegment function, NativeLevel level, int type) {
    try {
      return (int) Calls.FORM.invokeExact(function, level.number(), type) != 0;
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  long attendBytes(int keySize, int valueSize, int group) {
    try {
      return (long) Calls.ATTEND_BYTES.invokeExact(attendBytes, keySize, valueSize, group);
    } catch (Throwable t) {
      throw Calls.failure(t);
    }
  }

  /** The address of {@code gatun_cpu_attend}. */
  MemorySegment attend() {
    return attend;
  }

  /** The address of {@code gatun_cpu_silu_mul}. */
  MemorySegment siluMul() {
    return siluMul;
  }

  /** The address of {@code gatun_cpu_add}. */
  MemorySegment add() {
    return add;
  }

  /** The address of {@code gatun_cpu_scale}. */
  MemorySegment scale() {
    return scale;
  }

  /** The address of {@code gatun_cpu_rms_norm}. */
  MemorySegment rmsNorm() {
    return rmsNorm;
  }

  /** The address of {@code gatun_cpu_rotate}. */
  MemorySegment rotate() {
    return rotate;
  }

  /** The address of {@code gatun_cpu_largest}. */
  MemorySegment largest() {
    return largest;
  }

  /** The address of {@code gatun_cpu_widen}. */
  MemorySegment widen() {
    return widen;
  }

  /** The address of {@code gatun_cpu_activate}. */
  MemorySegment activate() {
    return activate;
  }

  /** The address of {@code gatun_cpu_matmul}. */
  MemorySegment matmul() {
    return matmul;
  }
}
