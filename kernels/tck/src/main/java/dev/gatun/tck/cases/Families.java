package dev.gatun.tck.cases;

import java.util.List;

/** Every family, in the order of the report: the operators of the catalogue, then what else is examined. */
public final class Families {
  private Families() {}

  /** All of them. */
  public static List<Family> all() {
    return List.of(
        new MatmulFamily(),
        new RmsNormFamily(),
        new ProgramFamily(),
        new ContractFamily());
  }
}
