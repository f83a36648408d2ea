package dev.gatun.decoder.cli;

import dev.gatun.ShapeException;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.model.ModelShape;
import dev.gatun.decoder.model.WeightMix;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that name a model file, or a shape to make one of with seeded weights. */
final class ModelOrShape {
  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = {"-m", "--model"}, paramLabel = "FILE", converter = FileName.class,
      description = "A GGUF file. Default: the embedded model.")
  Optional<Path> file = Optional.empty();

  @Option(names = "--shape", paramLabel = "NAME", converter = ShapeName.class,
      description = "The embedded model's shape. Default: " + ModelShape.DEFAULT_NAME
          + ". Its weights are made from a fixed seed, once, and kept in the user's cache folder.")
  Optional<ModelShape> shape = Optional.empty();

  @Option(names = "--type", paramLabel = "TYPE", converter = MixName.class,
      description = "The embedded model's weight type: " + MixName.LIST + ". Default: q8_0.")
  Optional<WeightMix> type = Optional.empty();

  @Option(names = "--made", description = "Make the embedded model's weights in the memory of the device instead of a file: for shapes larger than a disk. "
      + "The first 4 MB of each tensor are repeated.")
  boolean made;

  /** The model, opened. */
  Model open(Terminal terminal) {
    try {
      return source().open(terminal);
    } catch (ShapeException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private ModelSource source() {
    if (file.isEmpty()) {
      return ModelSource.of(shape.orElseGet(ModelSource::defaultShape), type.orElse(ModelSource.DEFAULT_TYPE), made);
    }
    if (made) {
      throw new ParameterException(spec.commandLine(), "--made is of the embedded model, and --model names a file: give one or the other");
    }
    if (shape.isPresent() || type.isPresent()) {
      throw new ParameterException(spec.commandLine(),
          "--model names a file; --shape and --type are of the embedded model: give one or the other");
    }
    return ModelSource.of(file.get());
  }
}
