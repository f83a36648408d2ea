package dev.gatun.tck;

import dev.gatun.BackendOptions;
import dev.gatun.DeviceProperties;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What is to be validated, and how. The cases of each process group ({@link Suite#group}) are examined in a process of their own, so that a crash, a hang or
 * exhausted memory is one failed case.
 *
 * @param backend the backend's name
 * @param options the settings it is opened with
 * @param level how much of the suite
 * @param scale how large the largest sizes are; if empty, {@link #scaleFor} the device
 * @param seed the seed of every input
 * @param shapes a file of {@link ModelShape} lines to run in place of the suite's own
 * @param families the families to run; all if empty
 * @param cases lines of single cases to run in place of a level's
 * @param timeout how long one case, or the start of a process, may take; without effect in this process
 * @param inProcess whether to examine in this process, which a crash then ends
 */
public record Validation(String backend, BackendOptions options, Level level, Optional<Scale> scale, long seed, Optional<Path> shapes,
    List<String> families, List<String> cases, Duration timeout, boolean inProcess) {
  /** How long a case may take unless another limit is asked for. */
  public static final Duration TIMEOUT = Duration.ofMinutes(2);

  /** Copies the lists. */
  public Validation {
    families = List.copyOf(families);
    cases = List.copyOf(cases);
  }

  /** The quick level of everything, with the suite's own seed and shapes. */
  public static Validation of(String backend) {
    return new Validation(backend, BackendOptions.none(), Level.QUICK, Optional.empty(), Suite.SEED, Optional.empty(), List.of(), List.of(), TIMEOUT, false);
  }

  /** With these settings of the backend. */
  public Validation withOptions(BackendOptions with) {
    return new Validation(backend, with, level, scale, seed, shapes, families, cases, timeout, inProcess);
  }

  /** At this level. */
  public Validation withLevel(Level with) {
    return new Validation(backend, options, with, scale, seed, shapes, families, cases, timeout, inProcess);
  }

  /** At this scale, whatever the device says of itself. */
  public Validation withScale(Scale with) {
    return new Validation(backend, options, level, Optional.of(with), seed, shapes, families, cases, timeout, inProcess);
  }

  /** With inputs from this seed. */
  public Validation withSeed(long with) {
    return new Validation(backend, options, level, scale, with, shapes, families, cases, timeout, inProcess);
  }

  /** With the shapes of this file. */
  public Validation withShapes(Path with) {
    return new Validation(backend, options, level, scale, seed, Optional.of(with), families, cases, timeout, inProcess);
  }

  /** With these families only. */
  public Validation withFamilies(List<String> with) {
    return new Validation(backend, options, level, scale, seed, shapes, with, cases, timeout, inProcess);
  }

  /** With these cases only, whatever the level. */
  public Validation withCases(List<String> with) {
    return new Validation(backend, options, level, scale, seed, shapes, families, with, timeout, inProcess);
  }

  /** With this limit for one case. */
  public Validation withTimeout(Duration with) {
    return new Validation(backend, options, level, scale, seed, shapes, families, cases, with, inProcess);
  }

  /** In this process, or in processes of their own. */
  public Validation withInProcess(boolean with) {
    return new Validation(backend, options, level, scale, seed, shapes, families, cases, timeout, with);
  }

  /** The scale for a device unless another is asked for: {@link Scale#EMULATED} where its backend, kind or name say that it is emulated. */
  public static Scale scaleFor(String backend, DeviceProperties device) {
    return scaleFor(backend, device.kind(), device.name());
  }

  static Scale scaleFor(String... words) {
    return String.join(" ", words).toLowerCase(Locale.ROOT).contains("emulat") ? Scale.EMULATED : Scale.DEVICE;
  }

  /**
   * The shapes to run.
   *
   * @throws CaseException naming the file and line where the file of shapes can't be read
   */
  public List<ModelShape> models() {
    if (shapes.isEmpty()) {
      return ModelShape.builtIn();
    }
    try (InputStream in = Files.newInputStream(shapes.get())) {
      return ModelShape.read(shapes.get().toString(), in);
    } catch (IOException e) {
      throw new CaseException(shapes.get() + ": the shapes can't be read: " + e);
    }
  }

  /**
   * The cases in the suite's order, at the scale asked for or, without one, at {@code otherwise}.
   *
   * @throws CaseException for a family, a case or a file of shapes that is wrong
   */
  public List<TestCase> list(Scale otherwise) {
    return cases.isEmpty() ? Suite.cases(level, scale.orElse(otherwise), models(), Set.copyOf(families))
        : cases.stream().map(Suite::find).distinct().toList();
  }

  /**
   * Opens the backend and makes ready to examine.
   *
   * @throws CaseException for a family, a case or a file of shapes that is wrong
   * @throws dev.gatun.BackendUnavailableException with the reasons where the backend does not run here
   * @throws dev.gatun.GatunException where it can't be opened, for example for an option it does not know
   */
  public Inspection open() {
    return new Inspection(this);
  }

  /**
   * Examines every case.
   *
   * @param each is told every result as it comes, group after group
   * @throws dev.gatun.GatunException as {@link #open()}
   */
  public Report run(Consumer<CaseResult> each) {
    try (Inspection inspection = open()) {
      for (TestCase test : inspection.order()) {
        each.accept(inspection.examine(test));
      }
      return inspection.report();
    }
  }

  /** The command that does this. */
  public String command() {
    return Invocation.of(this);
  }
}
