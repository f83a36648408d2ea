package dev.gatun.decoder.cli;

import dev.gatun.decoder.model.ModelShape;
import dev.gatun.decoder.model.WeightMix;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** As {@link ModelOrShape}, for several models. */
final class ModelChoices {
  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = {"-m", "--model"}, paramLabel = "FILE[,FILE]", converter = FileName.class,
      description = "GGUF files. Default: the embedded model.")
  List<Path> files = new ArrayList<>();

  @Option(names = "--shape", paramLabel = "NAME[,NAME]", split = ",", converter = ShapeName.class,
      description = "The embedded model's shapes. Default: " + ModelShape.DEFAULT_NAME
          + ". Its weights are made from a fixed seed, once, and kept in the user's cache folder.")
  List<ModelShape> shapes = new ArrayList<>();

  @Option(names = "--type", paramLabel = "TYPE[,TYPE]", split = ",", converter = MixName.class,
      description = "The embedded model's weight types: " + MixName.LIST + ". Default: q8_0.")
  List<WeightMix> types = new ArrayList<>();

  @Option(names = "--made", description = "Make the embedded model's weights in the memory of the device instead of a file: for shapes larger than a disk. "
      + "The first 4 MB of each tensor are repeated.")
  boolean made;

  boolean given() {
    return made || !files.isEmpty() || !shapes.isEmpty() || !types.isEmpty();
  }

  /** Each file, or each shape in each type. */
  List<ModelSource> sources() {
    Set<ModelSource> all = new LinkedHashSet<>();
    if (!files.isEmpty()) {
      if (made) {
        throw new ParameterException(spec.commandLine(), "--made is of the embedded model, and --model names a file: give one or the other");
      }
      if (!shapes.isEmpty() || !types.isEmpty()) {
        throw new ParameterException(spec.commandLine(),
            "--model names a file; --shape and --type are of the embedded model: give one or the other");
      }
      files.forEach(file -> split(file).forEach(one -> all.add(ModelSource.of(one))));
      return List.copyOf(all);
    }
    for (ModelShape shape : shapes.isEmpty() ? List.of(ModelSource.defaultShape()) : shapes) {
      for (WeightMix type : types.isEmpty() ? List.of(ModelSource.DEFAULT_TYPE) : types) {
        all.add(ModelSource.of(shape, type, made));
      }
    }
    return List.copyOf(all);
  }

  /** A name with commas is a list, unless there is a file of that name. */
  private List<Path> split(Path names) {
    if (Files.exists(names) || !names.toString().contains(",")) {
      return List.of(names);
    }
    List<Path> all = new ArrayList<>();
    for (String name : names.toString().split(",", -1)) {
      try {
        all.add(new FileName().convert(name));
      } catch (TypeConversionException e) {
        throw new ParameterException(spec.commandLine(), "--model " + names + ": " + e.getMessage(), e);
      }
    }
    return all;
  }
}
