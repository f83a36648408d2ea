package dev.gatun.bench.operator;

import dev.gatun.Add;
import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.SiluMul;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.MatmulCases;
import dev.gatun.tck.ModelShape;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Nmse;
import dev.gatun.tck.oracle.Oracle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** The operators of a transformer's layer for one token, as a decoder lists them, in memory. */
final class Layer {
  private static final int PAGE = 64;

  /** Weights of random blocks are large; what follows a product has to be of an activation's size, so norms come before and after. */
  private static final double BOUND = 1e-3;

  private final Lab lab;
  private final ModelShape model;
  private final DType type;
  private final int position;
  private final KvCache cache;
  private final int slot;
  private final Ragged batch;
  private final List<Operator> operators = new ArrayList<>();
  private final Map<Operator, Tensor> weights = new HashMap<>();

  /** @param context positions of the cache that are filled before this token */
  Layer(Lab lab, ModelShape model, DType type, int context) {
    this.lab = lab;
    this.model = model;
    this.type = type;
    this.position = context;
    int pages = Math.ceilDiv(context + 1, PAGE);
    this.cache = lab.cache(new KvCache.Spec(1, model.kvHeads(), model.keySize(), model.valueSize(), DType.F16, PAGE, pages, 1, pages * PAGE));
    this.slot = cache.open();
    cache.reserve(lab.stream(), slot, 0, context + 1);
    if (context > 0) {
      Ragged before = new Ragged(lab.ints(0, context), lab.ints(slot), lab.ints(IntStream.range(0, context).toArray()));
      lab.stream().run(new KvAppend(lab.random(DType.F32, context, model.kvHeads(), model.keySize()),
          lab.random(DType.F32, context, model.kvHeads(), model.valueSize()), before, cache, 0));
    }
    this.batch = new Ragged(lab.ints(0, 1), lab.ints(slot), lab.ints(position));
    list(lab.random(DType.F32, 1, model.hidden()));
  }

  private void list(Tensor x) {
    Tensor n = norm(x);
    Tensor q = rope(product(n, model.heads() * model.keySize()).reshape(1, model.heads(), model.keySize()));
    Tensor k = rope(product(n, model.kvHeads() * model.keySize()).reshape(1, model.kvHeads(), model.keySize()));
    Tensor v = product(n, model.kvHeads() * model.valueSize()).reshape(1, model.kvHeads(), model.valueSize());
    operators.add(new KvAppend(k, v, batch, cache, 0));
    Tensor a = out(model.heads(), model.valueSize());
    operators.add(new Attention(q, new Kv.Paged(cache, 0), batch, Attention.Options.causal((float) (1 / Math.sqrt(model.keySize()))), Optional.empty(), a));
    Tensor r = sum(x, product(a.reshape(1, (long) model.heads() * model.valueSize()), model.hidden()));
    Tensor m = norm(r);
    Tensor gated = out(model.intermediate());
    operators.add(new SiluMul(product(m, model.intermediate()), product(m, model.intermediate()), gated));
    sum(r, product(gated, model.hidden()));
  }

  private Tensor out(long... row) {
    return lab.output(DType.F32, IntStream.rangeClosed(0, row.length).mapToLong(i -> i == 0 ? 1 : row[i - 1]).toArray());
  }

  private Tensor norm(Tensor x) {
    Tensor y = out(model.hidden());
    operators.add(new RmsNorm(x, lab.random(DType.F32, model.hidden()), model.eps(), y));
    return y;
  }

  private Tensor rope(Tensor x) {
    Tensor y = out(x.size(1), x.size(2));
    operators.add(new Rope(x, batch.positions(), Optional.empty(), new Rotation(Rotation.Pairs.INTERLEAVED, model.keySize(), model.ropeBase()), y));
    return y;
  }

  private Tensor sum(Tensor a, Tensor b) {
    Tensor y = out(model.hidden());
    operators.add(new Add(a, b, y));
    return y;
  }

  private Tensor product(Tensor x, int rows) {
    Tensor weight = lab.random(type, rows, x.size(1));
    Tensor y = out(rows);
    Matmul matmul = new Matmul(x, lab.prepared(weight), y);
    weights.put(matmul, weight);
    operators.add(matmul);
    return y;
  }

  List<Operator> operators() {
    return operators;
  }

  /** All of them as a decoder lists them: what one gives to the next is the program's own, so that it may fuse them. */
  Program program() {
    Tensor x = operators.getFirst().operands().getFirst().tensor();
    Program.Builder program = Program.builder("layer").input(x).output(y());
    Map<Storage, Tensor> between = new HashMap<>();
    for (Operator operator : operators) {
      if (operator != operators.getLast()) {
        operator.writes().forEach(y -> between.put(y.storage(), program.temporary("t" + between.size(), y.dtype(), y.shape().sizes())));
      }
      program.add(operator.with(tensor -> Optional.ofNullable(between.get(tensor.storage()))
          .map(own -> Tensor.of(own.storage(), tensor.offset(), tensor.dtype(), tensor.shape())).orElse(tensor)));
    }
    return program.build();
  }

  private Tensor y() {
    return operators.getLast().operands().getLast().tensor();
  }

  /** Makes every output NaN. */
  void poison() {
    operators.forEach(operator -> operator.writes().forEach(lab::poison));
  }

  /** The operator whose answer, over the inputs as they lie in memory now, is further off than an honest one. */
  Optional<String> wrong() {
    for (Operator operator : operators) {
      double error = switch (operator) {
        case Matmul matmul -> MatmulCases.error(lab, matmul, weights.get(matmul));
        case KvAppend append -> KvAppendBenchmark.error(lab, append, slot, position);
        default -> error(operator.with(lab::onHost));
      };
      if (!(error <= BOUND)) {
        return Optional.of("an NMSE of " + error + ", more than " + BOUND + ", in " + operator.toCase());
      }
    }
    return Optional.empty();
  }

  private double error(Operator onHost) {
    double[] found = Elements.all(Host.buffers(), onHost.operands().getLast().tensor());
    return Nmse.of(Oracle.compute(onHost, Host.reading(lab.stream())).get("y"), found);
  }

  /** The layer's last output. */
  double[] answer() {
    return Elements.all(Host.buffers(), lab.onHost(y()));
  }
}
