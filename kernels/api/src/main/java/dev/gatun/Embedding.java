package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Row lookup in an embedding table: {@code y[t] = table[ids[t]]}, dequantized. An id outside {@code [0, V)} gives a row of NaN.
 *
 * @param ids {@code [T]} in I32
 * @param table {@code [V, N]}; any float or block type, rows contiguous; plain or prepared for {@link Use#EMBEDDING}
 * @param y {@code [T, N]}; F32, F16 or BF16, rows contiguous; never in place
 */
public record Embedding(Tensor ids, Tensor table, Tensor y) implements Operator {
  /** Checks shapes and dtypes. @throws ShapeException where they do not fit */
  public Embedding {
    Require require = new Require("embedding");
    require.rank("table", table, 2).rowsContiguous("table", table);
    require.that(table.dtype() != DType.I32 && table.dtype() != DType.I8, "table must be a float or block type, not " + table);
    require.rank("ids", ids, 1).type("ids", ids, DType.I32).rowsContiguous("ids", ids);
    require.rows("y", y).shape("y", y, ids.size(0), table.size(1)).sameCount(ids, y);
  }

  @Override
  public String name() {
    return "embedding";
  }

  @Override
  public List<Operand> operands() {
    return List.of(Operand.in("ids", ids), Operand.in("table", table), Operand.out("y", y));
  }

  @Override
  public Embedding with(UnaryOperator<Tensor> replace) {
    return new Embedding(replace.apply(ids), replace.apply(table), replace.apply(y));
  }
}
