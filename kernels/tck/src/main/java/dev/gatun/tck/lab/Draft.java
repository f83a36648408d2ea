package dev.gatun.tck.lab;

import dev.gatun.Attention;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.MlaAttention;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.Use;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A program written once over tensors of a bench, to be run in three ways: by the oracle and operator by operator over those tensors, and compiled, with what were
 * declared temporaries as temporaries. Its turns say what the host changes from one submission to the next.
 */
public final class Draft {
  /** How a program that is cut in two is submitted. */
  public enum Split {
    /** It is one program. */
    NONE,
    /** Two programs, one after the other on one stream, with nothing between. */
    STREAM,
    /** Two programs on two streams, with a wait between. */
    STREAMS
  }

  private record Weight(Tensor plain, Use use) {}

  private final Workbench bench;
  private final String name;
  private final List<Operator> operators = new ArrayList<>();
  private final List<Operator> before = new ArrayList<>();
  private final List<Runnable> turns = new ArrayList<>();
  private final Set<Storage> temporaries = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<Storage, Weight> weights = new HashMap<>();
  private final Map<Storage, Tensor> made = new HashMap<>();
  private Split split = Split.NONE;
  private int cut;
  private Optional<KvCache> cache = Optional.empty();
  private int slots;

  /** An empty one; the name appears in messages of the backend. */
  public Draft(Workbench bench, String name) {
    this.bench = bench;
    this.name = name;
  }

  /** A tensor that only the program's own operators see. */
  public Tensor temporary(DType dtype, long... shape) {
    Tensor tensor = bench.output(dtype, shape);
    temporaries.add(tensor.storage());
    return tensor;
  }

  /** Has the backend make {@code plain}, a tensor of the bench, ready; operators are written over {@code plain} all the same. */
  public Tensor prepared(Tensor plain, Use use) {
    weights.put(plain.storage(), new Weight(plain, use));
    return plain;
  }

  /** Appends an operator. */
  public Draft add(Operator operator) {
    operators.add(operator);
    return this;
  }

  /** Cuts the program in two after as many operators: temporaries of both become real. */
  public Draft cut(Split into, int after) {
    split = into;
    cut = after;
    return this;
  }

  /** What the host changes for one more submission; inputs have no contents before the first. */
  public Draft turn(Runnable inputs) {
    turns.add(inputs);
    return this;
  }

  /**
   * The cache that operators are written over: {@code slots} sequences are open in it, each with pages for all the positions that the geometry lets it have.
   *
   * @throws UnservedException with the backend's reason, if it makes none of this kind
   */
  public KvCache cache(KvCache.Spec spec, int sequences) {
    slots = sequences;
    cache = Optional.of(ready(spec));
    return cache.get();
  }

  /** Runs an operator by itself, once, before the first turn. */
  public Draft before(Operator operator) {
    before.add(operator);
    return this;
  }

  KvCache ready(KvCache.Spec spec) {
    KvCache made = bench.own(Workbench.cache(bench.backend(), spec));
    made.poison(bench.stream());
    for (int i = 0; i < slots; i++) {
      made.reserve(bench.stream(), made.open(), 0, spec.slotTokens());
    }
    return made;
  }

  /** How many operators there are. */
  public int size() {
    return operators.size();
  }

  /** The operators. */
  public List<Operator> operators() {
    return operators;
  }

  List<Operator> before() {
    return before;
  }

  List<Runnable> turns() {
    return turns;
  }

  Optional<KvCache> cache() {
    return cache;
  }

  int slots() {
    return slots;
  }

  Split split() {
    return split;
  }

  /** The operators of each program. */
  List<List<Operator>> parts() {
    return split == Split.NONE ? List.of(operators) : List.of(operators.subList(0, cut), operators.subList(cut, operators.size()));
  }

  /** Whether a tensor has no address in the compiled form. */
  boolean isTemporary(Tensor tensor) {
    return temporaries.contains(tensor.storage())
        && parts().stream().filter(part -> part.stream().flatMap(o -> o.operands().stream()).anyMatch(o -> o.tensor().storage() == tensor.storage())).count() < 2;
  }

  /** All tensors that some operator writes. */
  List<Tensor> written() {
    return operators.stream().flatMap(operator -> operator.writes().stream()).toList();
  }

  /** The operator as the backend runs it by itself. */
  Operator onDevice(Operator operator) {
    return operator.with(this::real);
  }

  private Tensor real(Tensor tensor) {
    return weights.containsKey(tensor.storage()) ? ready(tensor) : bench.onDevice(tensor);
  }

  private Tensor ready(Tensor weight) {
    return made.computeIfAbsent(weight.storage(), storage -> bench.prepared(weights.get(storage).plain, weights.get(storage).use));
  }

  /** A part of the program, over a cache. */
  Program compiled(List<Operator> part, Optional<KvCache> over) {
    Program.Builder builder = Program.builder(name);
    Map<Storage, Tensor> places = new HashMap<>();
    Set<Buffer> inputs = new HashSet<>();
    List<Operator> mapped = part.stream().map(operator -> over(operator, over).with(tensor -> {
      if (!isTemporary(tensor)) {
        return real(tensor);
      }
      Tensor whole = places.computeIfAbsent(tensor.storage(), storage -> {
        Tensor first = bench.memory().whole(tensor);
        return builder.temporary("t" + places.size(), first.dtype(), first.shape().sizes());
      });
      Tensor view = Tensor.of(whole.storage(), tensor.offset() - Memory.GUARD, tensor.dtype(), tensor.shape(), tensor.strides());
      return tensor.count().map(count -> view.withCount(bench.onDevice(count))).orElse(view);
    })).toList();
    for (int i = 0; i < part.size(); i++) {
      List<Operator.Operand> written = part.get(i).operands();
      List<Operator.Operand> given = mapped.get(i).operands();
      for (int j = 0; j < written.size(); j++) {
        Tensor tensor = given.get(j).tensor();
        if (given.get(j).access() == Operator.Access.WRITE && !isTemporary(written.get(j).tensor())) {
          builder.output(tensor);
        } else if (!isTemporary(written.get(j).tensor()) && !weights.containsKey(written.get(j).tensor().storage()) && inputs.add(tensor.buffer())) {
          builder.input(tensor);
        }
      }
    }
    mapped.forEach(builder::add);
    return builder.build();
  }

  /** The operator over another cache, if it is over one. */
  static Operator over(Operator operator, Optional<KvCache> cache) {
    return switch (operator) {
      case KvAppend append when cache.isPresent() -> new KvAppend(append.k(), append.v(), append.batch(), cache.get(), append.layer());
      case Attention a when cache.isPresent() && a.kv() instanceof Kv.Paged paged ->
          new Attention(a.q(), new Kv.Paged(cache.get(), paged.layer()), a.batch(), a.options(), a.sinks(), a.y());
      case MlaAttention a when cache.isPresent() ->
          new MlaAttention(a.qNope(), a.qRope(), new Kv.Paged(cache.get(), a.latents().layer()), a.up(), a.batch(), a.scale(), a.causal(), a.y());
      default -> operator;
    };
  }
}
