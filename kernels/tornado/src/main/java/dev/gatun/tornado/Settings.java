package dev.gatun.tornado;

import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Predicate;

/**
 * TornadoVM's settings that results depend on. TornadoVM reads its system properties once, when its classes are first used, which other code in this JVM may have
 * done before; therefore what it has read is looked at, not the properties.
 */
final class Settings {
  private static final String RUNTIME = "uk.ac.manchester.tornado.runtime.";
  private static final String OPTIONS = RUNTIME + "common.TornadoOptions";
  private static final int BYTECODES = 1 << 16;
  private static final String UNSAFE = "(?is).*(fast|unsafe-math|finite-math|no-signed-zeros|denorms-are-zero|ftz=true).*";

  /**
   * A setting.
   *
   * @param in the class that keeps it
   * @param field its static field
   * @param property the system property it is read from
   * @param needed what the property is to say
   * @param right whether the field's value will do
   * @param why what goes wrong otherwise
   */
  private record Setting(String in, String field, String property, String needed, Predicate<Object> right, String why) {}

  private static final List<Setting> NEEDED = List.of(
      is("RECOVER_BAILOUT", "tornado.recover.bailout", false, "kernels that do not compile run as Java"),
      is("FULL_INLINING", "tornado.compiler.fullInlining", true, "kernels call functions that TornadoVM does not compile"),
      is("ENABLE_OOO_EXECUTION", "tornado.ooo-execution.enable", false, "kernels run before their operands are there"),
      is("VM_USE_DEPS", "tornado.vm.deps", false, "kernels run before their operands are there"),
      is("CONCURRENT_INTERPRETERS", "tornado.concurrent.devices", false, "kernels run before their operands are there"),
      is("VIRTUAL_DEVICE_ENABLED", "tornado.virtual.device", false, "kernels do not run at all"),
      is("METAL_FAST_MATH", "tornado.metal.fastmath", false, "there is neither NaN nor infinity"),
      flags("DEFAULT_OPENCL_COMPILER_FLAGS", "tornado.opencl.compiler.flags", "-w"),
      flags("DEFAULT_CUDA_COMPILER_FLAGS", "tornado.cuda.compiler.flags", ""),
      flags("DEFAULT_METAL_COMPILER_FLAGS", "tornado.metal.compiler.flags", ""),
      flags("DEFAULT_SPIRV_LEVEL_ZERO_COMPILER_FLAGS", "tornado.spirv.levelzero.flags", "-ze-opt-level 2"),
      new Setting(OPTIONS, "TORNADO_SKETCHER_THREADS", "tornado.sketcher.threads", "4", value -> value instanceof Integer threads && threads > 1,
          "a kernel with a call that is not inlined is waited for without end"),
      new Setting(RUNTIME + "graph.TornadoVMBytecodeBuilder", "MAX_TORNADO_VM_BYTECODE_SIZE", "tornado.tvm.maxbytecodesize", Integer.toString(BYTECODES),
          value -> value instanceof Integer size && size >= BYTECODES, "programs do not fit its task graphs"));

  private Settings() {}

  private static Setting is(String field, String property, boolean wanted, String why) {
    return new Setting(OPTIONS, field, property, wanted ? "True" : "False", value -> value.equals(wanted), why);
  }

  private static Setting flags(String field, String property, String needed) {
    return new Setting(OPTIONS, field, property, needed, value -> !value.toString().matches(UNSAFE), "there is neither NaN nor infinity");
  }

  /** What TornadoVM in this JVM reads otherwise than is needed, and the flag that settles it; empty if nothing. To be asked when it has devices. */
  static Optional<String> refusal() {
    return refusal(Settings::read);
  }

  /** As {@link #refusal()}, where {@code read} tells a class's static field; empty where TornadoVM has no such field. */
  static Optional<String> refusal(BiFunction<String, String, Optional<Object>> read) {
    for (Setting setting : NEEDED) {
      Optional<Object> value = read.apply(setting.in, setting.field);
      if (value.isPresent() && !setting.right.test(value.get())) {
        return Optional.of("TornadoVM runs with " + setting.property + "=" + value.get() + ", under which " + setting.why + "; start Java with \"-D" + setting.property
            + "=" + setting.needed + "\", since TornadoVM reads it once");
      }
    }
    return Optional.empty();
  }

  /** Empty for the emulator too. */
  private static Optional<Object> read(String in, String field) {
    try {
      return Optional.of(Class.forName(in).getField(field).get(null));
    } catch (ReflectiveOperationException e) {
      return Optional.empty();
    }
  }
}
