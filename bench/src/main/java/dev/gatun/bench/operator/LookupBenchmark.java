package dev.gatun.bench.operator;

import dev.gatun.DType;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.bench.NotRunException;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.MatmulCases;
import dev.gatun.decoder.cli.bench.Trial;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Param;

/** Rows by their numbers: of the table of embeddings, and of hidden states. */
public class LookupBenchmark extends OperatorBenchmark {
  private static final int SAMPLED_ROWS = 8;
  private static final int GATHERED_FROM = 512;

  /** Which operator. */
  @Param({"embedding", "gather_rows"})
  public String operator;

  /** The type of the table; gather_rows takes floats only. */
  @Param("f16")
  public String dtype;

  /** Rows looked up. */
  @Param({"1", "128"})
  public int rows;

  private long seed;

  @Override
  Trial layOut(Lab lab, ModelShape model) {
    DType type = Shapes.type(dtype);
    return switch (operator) {
      case "embedding" -> {
        // One table: the ids of each copy are others, so that its rows are met rarely.
        Tensor table = lab.random(type, model.vocabulary(), model.hidden());
        yield Copies.of(lab, () -> new Embedding(ids(lab, model.vocabulary()), table, lab.output(DType.F32, rows, model.hidden())), Copies.BOUND, check(lab));
      }
      case "gather_rows" -> Copies.of(lab, () -> new GatherRows(lab.random(type, GATHERED_FROM, model.hidden()), ids(lab, GATHERED_FROM),
          lab.output(type, rows, model.hidden())), Copies.BOUND, check(lab));
      default -> throw new NotRunException("there is no operator '" + operator + "' here; there are: embedding, gather_rows");
    };
  }

  private Tensor ids(Lab lab, int size) {
    return lab.ints(Inputs.integers(seed++, rows, 0, size));
  }

  /** Over a table of only those rows that some of the answers are of. */
  private static ToDoubleFunction<Operator> check(Lab lab) {
    return o -> {
      Tensor ids = o.operands().stream().map(Operator.Operand::tensor).filter(tensor -> tensor.dtype() == DType.I32).findFirst().orElseThrow();
      int[] all = lab.onHost(ids).buffer().host().orElseThrow().asSlice(0, ids.bytes()).toArray(ValueLayout.JAVA_INT);
      int[] sampled = MatmulCases.sample(all.length, SAMPLED_ROWS);
      int[] numbers = Arrays.stream(sampled).map(row -> all[row]).toArray();
      Tensor few = lab.hostTensor(DType.I32, sampled.length);
      MemorySegment.copy(MemorySegment.ofArray(IntStream.range(0, sampled.length).toArray()), 0, few.buffer().host().orElseThrow(), 0, few.bytes());
      Tensor y = o.operands().getLast().tensor();
      return Copies.error(o.with(tensor -> tensor == ids ? few : lab.onHost(tensor, tensor == y ? sampled : numbers)));
    };
  }
}
