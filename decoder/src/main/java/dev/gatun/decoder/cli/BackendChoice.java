package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import dev.gatun.BackendInfo;
import dev.gatun.BackendOptions;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say what to run on. */
final class BackendChoice {
  private static final String DEVICE = "device";
  private static final String THREADS = "threads";
  private static final String ROUNDING = "rounding";
  private static final String NATIVE = "native";
  private static final String CPU = "cpu";
  private static final int THREADS_ANYWHERE = 64;
  private static final int THREADS_PER_PROCESSOR = 4;

  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = "--backend", paramLabel = "NAME", description = "The backend; 'gatun backends' lists them. Default: the best one here.")
  Optional<String> name = Optional.empty();

  @Option(names = "--device", paramLabel = "ID",
      description = "Which of the backend's devices, as 'gatun backends' numbers them, for example 1, or 0:1 with TornadoVM. Default: the first.")
  Optional<String> device = Optional.empty();

  @Option(names = {"-t", "--threads"}, paramLabel = "N", description = "How many threads work. Default: one a core.")
  Optional<Integer> threads = Optional.empty();

  @Option(names = {"-o", "--backend-option"}, paramLabel = "NAME=VALUE", description = "A setting of the backend; may be repeated.")
  Map<String, String> options = new LinkedHashMap<>();

  private Optional<String> passedOver = Optional.empty();
  private boolean rounds;
  private boolean exact;

  /** For speed: prefill on a CPU may round activations as the weights are, which other engines do, unless an option says otherwise. */
  BackendChoice rounding() {
    rounds = true;
    return this;
  }

  /**
   * For judging files: on a CPU the kernels in Java, which round activations beside block weights to 16 bits where those in C round them to 8, unless an option
   * says otherwise. Half of what a file of eight bits seems to lose is lost there.
   */
  BackendChoice exact() {
    exact = true;
    return this;
  }

  static BackendChoice of(CommandSpec spec, Optional<String> name, Optional<String> device, Optional<Integer> threads, Map<String, String> options) {
    BackendChoice choice = new BackendChoice();
    choice.spec = spec;
    choice.name = name;
    choice.device = device;
    choice.threads = threads;
    choice.options = options;
    return choice;
  }

  /** The most threads that are served: more of them than this wait for each other and take memory. */
  static int mostThreads() {
    return Math.max(THREADS_ANYWHERE, THREADS_PER_PROCESSOR * Runtime.getRuntime().availableProcessors());
  }

  /** Wrong usage is seen before a model is loaded. */
  void check() {
    checkSettings();
    name.ifPresent(this::checkName);
  }

  /** As {@link #check()}, without asking any backend whether it is there. */
  void checkSettings() {
    threads.ifPresent(count -> checkThreads("--threads", String.valueOf(count)));
    if (options.containsKey(THREADS)) {
      checkThreads("backend option " + THREADS, options.get(THREADS));
    }
  }

  private void checkThreads(String option, String value) {
    try {
      int count = Integer.parseInt(value.strip());
      if (count >= 1 && count <= mostThreads()) {
        return;
      }
    } catch (NumberFormatException _) {
      // Said below, with the values there are.
    }
    throw new ParameterException(spec.commandLine(), option + " must be from 1 to " + mostThreads() + " on this machine, not " + value);
  }

  private void checkName(String wanted) {
    List<String> known = Gatun.backends().stream().map(BackendInfo::name).toList();
    if (!known.contains(wanted)) {
      throw new ParameterException(spec.commandLine(), "no backend named '" + wanted + "'; there are: "
          + (known.isEmpty() ? "none" : String.join(", ", known)));
    }
  }

  /** The default, without the library's log of every reason: {@link #passedOver()} has their heads, and 'gatun backends' all. */
  private Backend best(BackendOptions settings) {
    List<BackendInfo> all = Gatun.backends();
    if (all.isEmpty() || !all.getFirst().isAvailable()) {
      return Gatun.open(settings);
    }
    passedOver = passedOver(all);
    return Gatun.open(all.getFirst().name(), settings);
  }

  /** Of a default that was opened: the backends that do not work here. */
  Optional<String> passedOver() {
    return passedOver;
  }

  /** The backends that do not work here with the heads of their reasons; empty if all do. */
  static Optional<String> passedOver(List<BackendInfo> all) {
    String others = all.stream().filter(info -> !info.isAvailable())
        .map(info -> info.name() + " (" + Errors.oneLine(info.reasons().getFirst()).split("[:;]", 2)[0] + ")")
        .collect(Collectors.joining(", "));
    return others.isEmpty() ? Optional.empty() : Optional.of(others);
  }

  private static Optional<String> first() {
    return Gatun.backends().stream().findFirst().filter(BackendInfo::isAvailable).map(BackendInfo::name);
  }

  /** What the backend is opened with. */
  BackendOptions settings() {
    BackendOptions settings = new BackendOptions(options);
    if (device.isPresent()) {
      settings = settings.with(DEVICE, device.get());
    }
    boolean onCpu = (rounds || exact) && name.or(BackendChoice::first).equals(Optional.of(CPU));
    if (rounds && onCpu && !options.containsKey(ROUNDING)) {
      settings = settings.with(ROUNDING, "weights");
    }
    if (exact && onCpu && !options.containsKey(NATIVE)) {
      settings = settings.with(NATIVE, "off");
    }
    return threads.isPresent() ? settings.with(THREADS, threads.get()) : settings;
  }

  /** Whether any of them may be what is wrong. */
  boolean hasSettings() {
    return device.isPresent() || !options.isEmpty();
  }

  Backend open() {
    check();
    BackendOptions settings = settings();
    try {
      return name.isPresent() ? Gatun.open(name.get(), settings) : best(settings);
    } catch (GatunException e) {
      // What is wrong with the machine has a type of its own; what is left is about the settings.
      if (e.getClass() == GatunException.class && hasSettings()) {
        throw new ParameterException(spec.commandLine(), Errors.oneLine(e.getMessage()), e);
      }
      throw e;
    }
  }
}
