package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Gatun;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say what to run on. */
final class BackendChoice {
  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = "--backend", paramLabel = "NAME", description = "The backend; 'gatun backends' lists them. Default: the best one here.")
  Optional<String> name = Optional.empty();

  @Option(names = {"-t", "--threads"}, paramLabel = "N", description = "How many threads work. Default: all processors.")
  Optional<Integer> threads = Optional.empty();

  @Option(names = {"-o", "--backend-option"}, paramLabel = "NAME=VALUE", description = "A setting of the backend; may be repeated.")
  Map<String, String> options = new LinkedHashMap<>();

  /** Wrong usage is seen before a model is loaded. */
  void check() {
    if (threads.isPresent() && threads.get() < 1) {
      throw new ParameterException(spec.commandLine(), "--threads must be at least 1, not " + threads.get());
    }
  }

  Backend open() {
    check();
    BackendOptions settings = new BackendOptions(options);
    if (threads.isPresent()) {
      settings = settings.with("threads", threads.get());
    }
    return name.isPresent() ? Gatun.open(name.get(), settings) : Gatun.open(settings);
  }
}
