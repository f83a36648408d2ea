package dev.gatun.decoder.cli;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.model.ModelShape;
import dev.gatun.decoder.model.SeededModel;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that name a model file, or a shape to make one of with seeded weights. */
final class ModelOrShape {
  private static final DType DEFAULT_TYPE = DType.Q8_0;

  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = {"-m", "--model"}, paramLabel = "FILE", converter = FileName.class,
      description = "A GGUF file. Default: the embedded model.")
  Optional<Path> file = Optional.empty();

  @Option(names = "--shape", paramLabel = "NAME", converter = ShapeName.class,
      description = "The embedded model's shape. Default: " + ModelShape.DEFAULT_NAME
          + ". Its weights are made from a fixed seed, once, and kept in the user's cache folder.")
  Optional<ModelShape> shape = Optional.empty();

  @Option(names = "--type", paramLabel = "TYPE", converter = TypeName.class,
      description = "The embedded model's weight type: q8_0, q4_0, q4_k, q6_k, f16, bf16 or f32. Default: q8_0.")
  Optional<DType> type = Optional.empty();

  @Option(names = "--made", description = "Make the embedded model's weights in the memory of the device instead of a file: for shapes larger than a disk. "
      + "The first 4 MB of each tensor are repeated.")
  boolean made;

  /** The model, opened. */
  Model open(Terminal terminal) {
    if (!made) {
      return Model.open(resolve(terminal));
    }
    if (file.isPresent()) {
      throw new ParameterException(spec.commandLine(), "--made is of the embedded model, and --model names a file: give one or the other");
    }
    try {
      return Model.of(SeededModel.described(chosen(), type.orElse(DEFAULT_TYPE)));
    } catch (ShapeException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private ModelShape chosen() {
    return shape.orElseGet(() -> ModelShape.of(ModelShape.DEFAULT_NAME).orElseThrow());
  }

  /** The file, made first where it is an embedded model that is not there yet. */
  private Path resolve(Terminal terminal) {
    if (file.isPresent()) {
      if (shape.isPresent() || type.isPresent()) {
        throw new ParameterException(spec.commandLine(),
            "--model names a file; --shape and --type are of the embedded model: give one or the other");
      }
      return file.get();
    }
    ModelShape chosen = chosen();
    DType stored = type.orElse(DEFAULT_TYPE);
    try (Progress progress = Progress.of(terminal, "making " + chosen.name() + " " + stored.label() + " (once)")) {
      return SeededModel.cached(chosen, stored, progress::at);
    } catch (ShapeException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
