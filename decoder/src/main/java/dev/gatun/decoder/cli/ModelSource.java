package dev.gatun.decoder.cli;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.model.ModelShape;
import dev.gatun.decoder.model.SeededModel;
import dev.gatun.decoder.model.WeightMix;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a model comes from.
 *
 * @param file a GGUF file, or none for an embedded model
 * @param shape the embedded model's
 * @param mix the embedded model's weight types
 * @param made whether its weights are made in the memory of the device instead of a file
 */
record ModelSource(Optional<Path> file, ModelShape shape, WeightMix mix, boolean made) {
  static final WeightMix DEFAULT_TYPE = WeightMix.of(DType.Q8_0);

  static ModelSource of(Path file) {
    return new ModelSource(Optional.of(file), defaultShape(), DEFAULT_TYPE, false);
  }

  static ModelSource of(ModelShape shape, WeightMix mix, boolean made) {
    return new ModelSource(Optional.empty(), shape, mix, made);
  }

  static ModelShape defaultShape() {
    return ModelShape.of(ModelShape.DEFAULT_NAME).orElseThrow();
  }

  /** The model, opened; an embedded one is made first where it is not there yet. @throws ShapeException if the type does not fit the shape */
  Model open(Terminal terminal) {
    if (file.isPresent()) {
      return Model.open(file.get());
    }
    if (made) {
      return Model.of(SeededModel.described(shape, mix));
    }
    try (Progress progress = Progress.of(terminal, "making " + shape.name() + " " + mix.label() + " (once)")) {
      return Model.open(SeededModel.cached(shape, mix, progress::at));
    }
  }
}
