import java.util.List;

/**
 * Builds the CUDA kernels and their emulator: {@code java NativeBuild.java GOAL... --option=value...}, with the options of
 * {@link Options}.
 *
 * <ul>
 *   <li>{@code emulator}: the kernels and the emulator as one shared library for the host, with the manifest of the kernels;
 *   <li>{@code emulator-tests}: the native tests of the emulator, built and run;
 *   <li>{@code sanitized}: the emulator's library under sanitizers;
 *   <li>{@code mutants}: emulators of kernels that were changed on purpose;
 *   <li>{@code fatbins}: the kernels for devices, the manifest and the report of registers and spills.
 * </ul>
 */
final class NativeBuild {
  private NativeBuild() {}

  public static void main(String[] arguments) {
    try {
      Options options = Options.parse(List.of(arguments));
      for (String goal : options.goals()) {
        switch (goal) {
          case "emulator" -> new EmulatorGoal(options).run();
          case "emulator-tests" -> new EmulatorTestsGoal(options).run();
          case "sanitized" -> new SanitizedGoal(options).run();
          case "mutants" -> new MutantsGoal(options).run();
          case "fatbins" -> new FatbinsGoal(options).run();
          default -> throw new BuildFailure("there is no goal " + goal + "; it is emulator, emulator-tests, sanitized, mutants or fatbins");
        }
      }
    } catch (BuildFailure failure) {
      System.err.println("native build: " + failure.getMessage());
      System.exit(1);
    }
  }
}
