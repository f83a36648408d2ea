package dev.gatun.decoder.cli;

import dev.gatun.DType;
import dev.gatun.decoder.model.WeightMix;
import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Weight types of a model by their name on the command line. */
final class MixName implements ITypeConverter<WeightMix> {
  /** What seeded weights are made in. */
  static final String LIST = "q8_0, q4_0, q5_0, q4_k, q6_k, f16, bf16 or f32, two such as q4_0+q6_k, of which the output projection has the "
      + "second, or q4_k_m";

  MixName() {}

  @Override
  public WeightMix convert(String name) {
    return WeightMix.of(name).orElseThrow(() -> new TypeConversionException("unknown type '" + name + "'; there are q4_k_m, "
        + Arrays.stream(DType.values()).map(DType::label).collect(Collectors.joining(", ")) + " and two such as q4_0+q6_k"));
  }
}
