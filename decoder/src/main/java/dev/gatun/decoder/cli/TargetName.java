package dev.gatun.decoder.cli;

import dev.gatun.DType;
import dev.gatun.decoder.model.WeightMix;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Types that a model can be rounded to, by their name on the command line. */
final class TargetName implements ITypeConverter<WeightMix> {
  static final String LIST = "q8_0, q4_0, q4_1, q5_0, q5_1, q2_k, q3_k, q4_k, q5_k, q6_k, f16, bf16 or f32, two such as q4_0+q6_k, of which the output "
      + "projection has the second, or the mixes q4_k_m and q5_k_m";

  private static final Set<DType> SERVED = EnumSet.of(DType.Q8_0, DType.Q4_0, DType.Q4_1, DType.Q5_0, DType.Q5_1, DType.Q2_K, DType.Q3_K, DType.Q4_K,
      DType.Q5_K, DType.Q6_K, DType.F16, DType.BF16, DType.F32);

  TargetName() {}

  @Override
  public WeightMix convert(String name) {
    return WeightMix.of(name).filter(mix -> SERVED.contains(mix.matrices()) && SERVED.contains(mix.output()))
        .orElseThrow(() -> new TypeConversionException("no type '" + name + "' to round to; there are " + LIST));
  }
}
