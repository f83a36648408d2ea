package dev.gatun.tck.cases;

import java.util.List;

/** Every family, in the order of the report: the operators of the catalogue, then what else is examined. */
public final class Families {
  private Families() {}

  /** All of them. */
  public static List<Family> all() {
    return List.of(
        new MatmulFamily(),
        new GroupedMatmulFamily(),
        new MoeRouteFamily(),
        new AttentionFamily(),
        new MlaFamily(),
        new KvAppendFamily(),
        new RmsNormFamily(),
        new LayerNormFamily(),
        new RopeFamily(),
        new ElementwiseFamily(ElementwiseFamily.Kind.SILU_MUL),
        new ElementwiseFamily(ElementwiseFamily.Kind.GELU),
        new ElementwiseFamily(ElementwiseFamily.Kind.GELU_MUL),
        new ElementwiseFamily(ElementwiseFamily.Kind.ADD),
        new ElementwiseFamily(ElementwiseFamily.Kind.MUL),
        new ElementwiseFamily(ElementwiseFamily.Kind.SCALE),
        new ElementwiseFamily(ElementwiseFamily.Kind.SOFTCAP),
        new SoftmaxFamily(),
        new EmbeddingFamily(),
        new GatherRowsFamily(),
        new ArgmaxFamily(),
        new TopKFamily(),
        new PenalizeFamily(),
        new SampleFamily(),
        new CopyFamily(),
        new QuantizeFamily(),
        new DequantizeFamily(),
        new KvCacheFamily(),
        new ProgramFamily(),
        new ContractFamily());
  }
}
