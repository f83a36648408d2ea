package dev.gatun.decoder.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** As {@link BackendChoice}, for several backends and numbers of threads. */
final class BackendChoices {
  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = "--backend", paramLabel = "NAME[,NAME]", split = ",",
      description = "The backends; 'gatun backends' lists them. Default: the best one here.")
  List<String> names = new ArrayList<>();

  @Option(names = "--device", paramLabel = "ID",
      description = "Which of the backend's devices, as 'gatun backends' numbers them, for example 1, or 0:1 with TornadoVM. Default: the first.")
  Optional<String> device = Optional.empty();

  @Option(names = {"-t", "--threads"}, paramLabel = "N[,N]", description = "How many threads work. Default: one a core.")
  List<String> threads = new ArrayList<>();

  @Option(names = {"-o", "--backend-option"}, paramLabel = "NAME=VALUE", description = "A setting of the backend; may be repeated.")
  Map<String, String> options = new LinkedHashMap<>();

  boolean given() {
    return device.isPresent() || !names.isEmpty() || !threads.isEmpty() || !options.isEmpty();
  }

  /** Each backend with each number of threads; wrong usage is seen here. */
  List<BackendChoice> choices() {
    List<Optional<Integer>> counts = new ArrayList<>();
    threads.forEach(text -> Numbers.of(spec, "--threads", text).forEach(count -> counts.add(Optional.of(count))));
    List<BackendChoice> all = new ArrayList<>();
    for (Optional<String> name : new LinkedHashSet<>(names.isEmpty() ? List.of(Optional.<String>empty()) : names.stream().map(Optional::of).toList())) {
      for (Optional<Integer> count : new LinkedHashSet<>(counts.isEmpty() ? List.of(Optional.<Integer>empty()) : counts)) {
        BackendChoice choice = BackendChoice.of(spec, name, device, count, options).rounding();
        choice.check();
        all.add(choice);
      }
    }
    return all;
  }
}
