package dev.gatun.decoder.cli;

import dev.gatun.ShapeException;
import dev.gatun.decoder.model.ModelShape;
import dev.gatun.decoder.model.SeededModel;
import dev.gatun.decoder.model.WeightMix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A GGUF file with seeded weights, for measuring without a download. */
@Command(name = "make-model",
    description = "Write a GGUF file with random weights in the shape of a real model, for measuring this and other programs on the "
        + "same file. What it says means nothing.",
    footer = {"", "Example:", "  gatun make-model --shape llama-3.2-1b --type q4_k_m --out /tmp/llama-3.2-1b-q4_k_m.gguf"})
final class MakeModelCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Spec CommandSpec spec;
  @Mixin Help help;

  @Option(names = "--shape", paramLabel = "NAME", converter = ShapeName.class, defaultValue = ModelShape.DEFAULT_NAME,
      description = "The model's shape. Default: ${DEFAULT-VALUE}.")
  ModelShape shape;

  @Option(names = "--type", paramLabel = "TYPE", converter = MixName.class, defaultValue = "q8_0",
      description = "Its weight type: " + MixName.LIST + ". Default: ${DEFAULT-VALUE}.")
  WeightMix mix;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "" + SeededModel.SEED,
      description = "What the weights are made from. Default: ${DEFAULT-VALUE}.")
  long seed;

  @Option(names = "--out", paramLabel = "FILE", required = true, converter = FileName.class,
      description = "Where it goes; a file of that name must not be there.")
  Path file;

  MakeModelCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (Files.exists(file)) {
      throw new ParameterException(spec.commandLine(), "--out " + file + ": the file is there already; remove it or name another");
    }
    try (Progress progress = Progress.of(terminal, "making " + shape.name() + " " + mix.label())) {
      SeededModel.write(file, shape, mix, seed, progress::at);
    } catch (ShapeException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    terminal.out().println(file + ": " + shape.name() + " " + mix.label() + ", " + Units.bytes(size()));
    return 0;
  }

  private long size() {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new InputException(file + ": is gone again (" + e.getClass().getSimpleName() + ")", e);
    }
  }
}
