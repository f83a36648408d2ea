package dev.gatun.tck.oracle;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.Copy;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.GroupedMatmul;
import dev.gatun.KvAppend;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.MlaAttention;
import dev.gatun.MoeRoute;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Penalize;
import dev.gatun.Quantize;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Sample;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import dev.gatun.TopK;
import java.util.List;
import java.util.Map;

/**
 * What each operator must compute: its Javadoc's formula in float64, one element after the other, with nothing shared with any backend.
 *
 * <p>Inputs are read before anything runs, so that an operator in place has to be given to the oracle first. Results are not rounded to the
 * output's dtype, except where the operator is defined as a rounding ({@link Copy}, {@link Quantize}, {@link KvAppend}).
 */
public final class Oracle {
  private Oracle() {}

  /**
   * The outputs of {@code operator} by operand name, each row after row, only the rows within the actual count: the other rows have to stay
   * as they were.
   *
   * <p>{@link KvAppend} has no output tensor; its result has {@code k} and {@code v}, each token's key and value as the cache's dtype keeps
   * them. {@link Quantize} gives the values that the blocks stand for. For {@link Sample} the ids are those of exact arithmetic; see
   * {@link #distributions}.
   */
  public static Map<String, double[]> compute(Operator operator, Host host) {
    return switch (operator) {
      case Add add -> ElementwiseOracle.add(add, host);
      case Mul mul -> ElementwiseOracle.mul(mul, host);
      case Scale scale -> ElementwiseOracle.scale(scale, host);
      case Softcap softcap -> ElementwiseOracle.softcap(softcap, host);
      case SiluMul silu -> ElementwiseOracle.siluMul(silu, host);
      case Gelu gelu -> ElementwiseOracle.gelu(gelu, host);
      case GeluMul gelu -> ElementwiseOracle.geluMul(gelu, host);
      case RmsNorm norm -> NormOracle.rms(norm, host);
      case LayerNorm norm -> NormOracle.layer(norm, host);
      case Rope rope -> RopeOracle.rope(rope, host);
      case Matmul matmul -> MatmulOracle.matmul(matmul, host);
      case GroupedMatmul grouped -> MoeOracle.groupedMatmul(grouped, host);
      case MoeRoute route -> MoeOracle.route(route, host);
      case Embedding embedding -> RowOracle.embedding(embedding, host);
      case GatherRows gather -> RowOracle.gather(gather, host);
      case KvAppend append -> RowOracle.append(append, host);
      case Copy copy -> RowOracle.copy(copy, host);
      case Quantize quantize -> RowOracle.quantize(quantize, host);
      case Dequantize dequantize -> RowOracle.dequantize(dequantize, host);
      case Attention attention -> AttentionOracle.attention(attention, host);
      case MlaAttention attention -> MlaOracle.attention(attention, host);
      case Softmax softmax -> LogitOracle.softmax(softmax, host);
      case Argmax argmax -> LogitOracle.argmax(argmax, host);
      case TopK top -> LogitOracle.topK(top, host);
      case Penalize penalize -> LogitOracle.penalize(penalize, host);
      case Sample sample -> Map.of("ids", SampleOracle.distributions(sample, host).stream().mapToDouble(Distribution::id).toArray());
    };
  }

  /** The distribution each row is drawn from, with its random number, for the rows within the actual count. */
  public static List<Distribution> distributions(Sample sample, Host host) {
    return SampleOracle.distributions(sample, host);
  }
}
