package dev.gatun.decoder;

import dev.gatun.Backend;
import dev.gatun.ClosedException;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.ShapeException;
import dev.gatun.Shape;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.decoder.family.Graph;
import dev.gatun.decoder.family.Weights;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A model on a backend, owned: it holds prepared weights, a cache, and compiled steps. A step feeds tokens of one or more sequences and chooses the next
 * token of each. Steps are compiled for bounds in powers of two, kept, and replayed. Used by one thread at a time.
 */
public final class Decoder implements AutoCloseable {
  private static final int STEPS_KEPT = 8;
  private static final int STEPS_AHEAD_KEPT = 4;

  private final Backend backend;
  private final Model model;
  private final DecoderOptions options;
  private final Graph graph;
  private final Weights weights;
  private final KvCache cache;
  private final Stream stream;
  private final Map<DecoderStep.Bucket, DecoderStep> steps = new LinkedHashMap<>(16, 0.75f, true);
  /** Whether the device works beside the host. */
  private final boolean stepsAhead;
  private final Map<DecoderStep.Bucket, StepsAhead> ahead = new LinkedHashMap<>(16, 0.75f, true);
  private boolean closed;

  /**
   * A decoder over {@code model}.
   *
   * @throws GatunException naming file and tensor where a weight is missing, has another shape or has no place in the family; or if the cache needs
   *     more memory than there is
   */
  public Decoder(Backend backend, Model model, DecoderOptions options) {
    this.backend = backend;
    this.model = model;
    this.options = options;
    this.weights = Weights.on(backend, model.gguf());
    KvCache made = null;
    try {
      KvCache.Spec spec = CacheSpace.spec(file(), model.dimensions(), options);
      // Once before weights are prepared, which may take long, and once when they have taken their share.
      CacheSpace.check(file(), spec, CacheSpace.available(backend));
      this.graph = model.blueprint().load(weights, options.context());
      CacheSpace.check(file(), spec, CacheSpace.available(backend));
      made = backend.newKvCache(spec);
      this.cache = made;
      this.stream = backend.newStream();
      this.stepsAhead = !backend.device().hostMemory();
    } catch (RuntimeException | Error e) {
      if (made != null) {
        made.close();
      }
      weights.close();
      if (e instanceof GatunException known) {
        throw ModelException.naming(file(), known);
      }
      throw e;
    }
  }

  private Path file() {
    return model.gguf().file();
  }

  /** Runs a call of the caller's; its errors name the file. */
  private <T> T naming(Supplier<T> call) {
    try {
      return call.get();
    } catch (GatunException e) {
      throw ModelException.naming(file(), e);
    }
  }

  /** The model. */
  public Model model() {
    return model;
  }

  /** The backend. */
  public Backend backend() {
    return backend;
  }

  /** The sizes it was made with. */
  public DecoderOptions options() {
    return options;
  }

  /** Bytes of weights that a token reads at batch 1, embedding row aside: what decode speed is judged against. */
  public long weightBytesPerToken() {
    return model.blueprint().bytesPerToken(model.gguf());
  }

  /** Bytes of new memory that preparing the weights took; 0 where all are used in the file. */
  public long preparedBytes() {
    return weights.preparedBytes();
  }

  /** Bytes of the cache. */
  public long cacheBytes() {
    return cache.spec().bytes();
  }

  /** A new, empty sequence. @throws GatunException if as many as the options allow are open */
  public Sequence newSequence(Sampling sampling) {
    checkOpen();
    return naming(() -> new Sequence(this, cache.open(), sampling));
  }

  Sequence fork(Sequence sequence, Sampling sampling) {
    checkOpen();
    int slot = sequence.slot();
    return naming(() -> {
      Sequence copy = new Sequence(this, cache.fork(stream, slot), sampling);
      copy.continues(sequence);
      return copy;
    });
  }

  /** Pages of the cache that sequences hold, each counted once, however many share it. */
  public int cachePagesInUse() {
    checkOpen();
    return cache.spec().pages() - cache.freePages();
  }

  void release(int slot) {
    if (!closed) {
      cache.release(stream, slot);
    }
  }

  /**
   * Feeds tokens to a sequence, in chunks, and chooses its next one. A chunk that fails leaves the sequence with the chunks before it. Where the options say what a full
   * context keeps, tokens that do not fit push others out.
   *
   * @throws ContextFullException if they do not fit; nothing was fed then
   * @throws ShapeException for no token, or an id outside the vocabulary
   * @throws GatunException if the logits are not finite
   */
  public int feed(Sequence sequence, int... ids) {
    return feed(sequence, ids, () -> false).orElseThrow();
  }

  /** As {@link #feed(Sequence, int...)}, but empty as soon as {@code cancelled}, which is asked before each chunk, says so. */
  OptionalInt feed(Sequence sequence, int[] given, BooleanSupplier cancelled) {
    int[] ids = naming(() -> made(sequence, given));
    for (int from = 0, to; !cancelled.getAsBoolean(); from = to) {
      to = from + Math.min(ids.length - from, options.chunk());
      boolean last = to == ids.length;
      DecoderStep step = step(List.of(sequence), new int[][] {ids}, new int[] {from}, new int[] {to}, last ? 1 : 0);
      if (last) {
        return OptionalInt.of(choices(step, List.of(sequence))[0]);
      }
    }
    return OptionalInt.empty();
  }

  /** Makes room for tokens, if eviction may. @return what is to be fed in their place */
  private int[] made(Sequence sequence, int[] ids) {
    checkOpen();
    if (options.eviction().isEmpty() || ids.length <= options.context() - sequence.position()) {
      checkFits(sequence, ids);
      return ids;
    }
    FeedRules.known(this, sequence, ids, 0, ids.length);
    return options.eviction().get().makeRoom(sequence, ids);
  }

  /**
   * Feeds one token to each of several sequences in one step and chooses the next token of each. The result of a sequence does not depend on the others'
   * contents. If the step fails, no sequence has changed.
   */
  public int[] feed(List<Sequence> sequences, int[] ids) {
    return naming(() -> feedEach(sequences, ids));
  }

  private int[] feedEach(List<Sequence> sequences, int[] ids) {
    checkEach(sequences, ids);
    int[][] each = new int[ids.length][];
    int[] from = new int[ids.length];
    int[] to = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      each[i] = new int[] {ids[i]};
      to[i] = 1;
    }
    return choices(step(sequences, each, from, to, 1), sequences);
  }

  /** Refuses what is no step of one token for each sequence. @return what such a step is compiled for */
  private DecoderStep.Bucket checkEach(List<Sequence> sequences, int[] ids) {
    checkOpen();
    FeedRules.each(this, sequences, ids);
    boolean greedy = sequences.stream().allMatch(sequence -> sequence.sampling().isGreedy());
    int rows = powerOfTwo(sequences.size());
    return new DecoderStep.Bucket(rows, rows, rows, greedy ? DecoderStep.Choice.GREEDY : DecoderStep.Choice.SAMPLED);
  }

  /**
   * Feeds tokens to a sequence in one step and chooses the token after each of them. If the step fails, the sequence has not changed.
   *
   * @throws ShapeException if they are more than a chunk
   */
  int[] feedAll(Sequence sequence, int... ids) {
    naming(() -> checkFits(sequence, ids));
    if (ids.length > options.chunk()) {
      throw new ShapeException("feed: " + ids.length + " tokens are more than a step's " + options.chunk());
    }
    int[] next = new int[ids.length];
    boolean greedy = sequence.sampling().isGreedy();
    int bound = powerOfTwo(ids.length);
    DecoderStep.Bucket bucket = new DecoderStep.Bucket(bound, 1, bound, greedy ? DecoderStep.Choice.GREEDY : DecoderStep.Choice.SAMPLED);
    int before = sequence.position();
    try {
      return naming(() -> {
        DecoderStep step = run(compiled(bucket), List.of(sequence), new int[][] {ids}, new int[] {0}, new int[] {ids.length}, ids.length);
        step.choices(stream, next);
        for (int i = 0; i < next.length; i++) {
          step.check(stream, file(), i, next[i], before + i);
        }
        return next;
      });
    } catch (RuntimeException | Error e) {
      sequence.rewind(before);
      throw e;
    }
  }

  /**
   * Forgets the tokens of a sequence from {@code length} on; the pages of the cache that held nothing else are free again.
   *
   * @throws ShapeException if the sequence is not that long
   */
  public void truncate(Sequence sequence, int length) {
    checkOpen();
    if (sequence.decoder() != this) {
      throw new GatunException("a sequence of another decoder was truncated");
    }
    int slot = sequence.slot();
    if (length < 0 || length > sequence.position()) {
      throw new ShapeException("truncate: " + length + " is no length of a sequence of " + sequence.position() + " tokens");
    }
    if (length < sequence.position()) {
      naming(() -> {
        cache.truncate(stream, slot, length);
        return null;
      });
      sequence.rewind(length);
    }
  }

  /**
   * Feeds tokens to a sequence and returns the logits after each of them, {@code [tokens][vocabulary]}; for comparing engines.
   */
  public float[][] logits(Sequence sequence, int... ids) {
    naming(() -> checkFits(sequence, ids));
    float[][] all = new float[ids.length][];
    for (int from = 0, to; from < ids.length; from = to) {
      to = from + Math.min(ids.length - from, options.chunk());
      DecoderStep step = step(List.of(sequence), new int[][] {ids}, new int[] {from}, new int[] {to}, to - from);
      for (int row = 0; row < to - from; row++) {
        all[from + row] = row(step, row);
      }
    }
    return all;
  }

  private float[] row(DecoderStep step, int row) {
    Tensor logits = step.logits();
    long width = logits.size(1);
    return stream.readFloats(Tensor.of(logits.storage(), 4 * width * row, DType.F32, Shape.of(width)));
  }

  private DecoderStep step(List<Sequence> sequences, int[][] ids, int[] from, int[] to, int logitsOfEach) {
    int tokens = 0;
    boolean greedy = true;
    for (int i = 0; i < ids.length; i++) {
      tokens += to[i] - from[i];
      greedy &= sequences.get(i).sampling().isGreedy() || logitsOfEach > 1;
    }
    int rows = Math.max(1, logitsOfEach * sequences.size());
    DecoderStep.Bucket bucket = new DecoderStep.Bucket(powerOfTwo(tokens), powerOfTwo(sequences.size()), powerOfTwo(rows),
        greedy ? DecoderStep.Choice.GREEDY : DecoderStep.Choice.SAMPLED);
    int[] before = sequences.stream().mapToInt(Sequence::position).toArray();
    try {
      return naming(() -> run(compiled(bucket), sequences, ids, from, to, logitsOfEach));
    } catch (RuntimeException | Error e) {
      for (int i = 0; i < before.length; i++) {
        sequences.get(i).rewind(before[i]);
      }
      throw e;
    }
  }

  private DecoderStep run(DecoderStep step, List<Sequence> sequences, int[][] ids, int[] from, int[] to, int logitsOfEach) {
    step.inputs().clear();
    for (int i = 0; i < ids.length; i++) {
      add(step, sequences.get(i), ids[i], from[i], to[i], logitsOfEach);
    }
    compute(step, sequences, logitsOfEach);
    return step;
  }

  private void add(DecoderStep step, Sequence sequence, int[] ids, int from, int to, int logitsOfEach) {
    cache.reserve(stream, sequence.slot(), sequence.position(), sequence.position() + to - from);
    step.inputs().add(sequence.slot(), sequence.position(), ids, from, to, logitsOfEach);
    sequence.append(ids, from, to);
  }

  private void compute(DecoderStep step, List<Sequence> sequences, int rowsOfEach) {
    step.inputs().send(stream);
    step.control(stream, sequences, rowsOfEach);
    stream.submit(step.executable());
    stream.synchronize();
  }

  private int[] choices(DecoderStep step, List<Sequence> sequences) {
    int[] next = new int[sequences.size()];
    choices(step, sequences, next);
    return next;
  }

  private void choices(DecoderStep step, List<Sequence> sequences, int[] next) {
    step.choices(stream, next);
    for (int i = 0; i < next.length; i++) {
      step.check(stream, file(), i, next[i], sequences.get(i).position() - 1);
    }
  }

  /**
   * Feeds one token to each of several sequences, then the token that was chosen for each, and so on: {@code steps} steps, or fewer where {@code goesOn} says so or a
   * context is full. On a device that works beside the host, it works one step ahead: it reads each token where the step before left it, and a step that
   * turns out to be unwanted is forgotten. Otherwise as {@link #feed(List, int[])}, step by step, with the same tokens. After the first steps, one allocates nothing on the
   * Java heap.
   *
   * @param goesOn is given the tokens that each step chose, in an array that the next step writes anew, and says whether to go on
   * @return the steps whose tokens were given
   */
  public int follow(List<Sequence> sequences, int[] ids, int steps, Predicate<int[]> goesOn) {
    boolean penalized = sequences.stream().anyMatch(sequence -> !sequence.sampling().isGreedy() && sequence.sampling().isPenalized());
    int room = sequences.stream().mapToInt(sequence -> options.context() - sequence.position()).min().orElse(0);
    int most = Math.min(steps, room);
    if (most > 1 && !penalized && stepsAhead) {
      return naming(() -> followAhead(sequences, ids, most, goesOn));
    }
    return most > 0 ? followOneByOne(sequences, ids, most, goesOn) : 0;
  }

  private int followOneByOne(List<Sequence> sequences, int[] ids, int steps, Predicate<int[]> goesOn) {
    DecoderStep.Bucket bucket = naming(() -> checkEach(sequences, ids));
    int[] fed = ids.clone();
    int[] chosen = new int[ids.length];
    int[] given = new int[ids.length];
    sequences.forEach(sequence -> sequence.expect(steps));
    for (int taken = 1; taken <= steps; taken++) {
      // The caller was asked in between, and may have closed or fed something.
      checkOpen();
      for (int i = 0; i < fed.length; i++) {
        FeedRules.fits(this, sequences.get(i), fed, i, i + 1);
      }
      int begun = 0;
      try {
        DecoderStep step = compiled(bucket);
        step.inputs().clear();
        for (; begun < fed.length; begun++) {
          add(step, sequences.get(begun), fed, begun, begun + 1, 1);
        }
        compute(step, sequences, 1);
        choices(step, sequences, chosen);
      } catch (RuntimeException | Error e) {
        for (int i = 0; i < begun; i++) {
          sequences.get(i).rewind(sequences.get(i).position() - 1);
        }
        if (e instanceof GatunException known) {
          throw ModelException.naming(file(), known);
        }
        throw e;
      }
      System.arraycopy(chosen, 0, fed, 0, fed.length);
      System.arraycopy(chosen, 0, given, 0, fed.length);
      if (!goesOn.test(given)) {
        return taken;
      }
    }
    return steps;
  }

  private int followAhead(List<Sequence> sequences, int[] ids, int steps, Predicate<int[]> goesOn) {
    DecoderStep.Bucket bucket = checkEach(sequences, ids);
    sequences.forEach(sequence -> sequence.expect(steps));
    StepsAhead known = ahead.get(bucket);
    if (known == null) {
      if (ahead.size() >= STEPS_AHEAD_KEPT) {
        ahead.remove(ahead.keySet().iterator().next()).close();
      }
      known = new StepsAhead(backend, bucket, graph, cache, model.dimensions().vocabulary(), options, stream, file());
      ahead.put(bucket, known);
    }
    return known.run(sequences, ids, steps, goesOn);
  }

  private DecoderStep compiled(DecoderStep.Bucket bucket) {
    DecoderStep known = steps.get(bucket);
    if (known == null) {
      if (steps.size() >= STEPS_KEPT) {
        DecoderStep.Bucket oldest = steps.keySet().iterator().next();
        steps.remove(oldest).close();
      }
      known = new DecoderStep(backend, bucket, graph, cache, options.activations(), model.dimensions().vocabulary(),
          Math.min(options.history(), options.context()));
      steps.put(bucket, known);
    }
    return known;
  }

  /** Compiles the step for one sequence's {@code tokens} tokens, if it is not there yet, and gives it to look at. */
  public Executable executable(int tokens) {
    checkOpen();
    return naming(() -> compiled(new DecoderStep.Bucket(powerOfTwo(tokens), 1, 1, DecoderStep.Choice.GREEDY)).executable());
  }

  /** As {@link #executable(int)}, for a token of each of {@code sequences} sequences. */
  public Executable executableOfEach(int sequences) {
    checkOpen();
    int rows = powerOfTwo(sequences);
    return naming(() -> compiled(new DecoderStep.Bucket(rows, rows, rows, DecoderStep.Choice.GREEDY)).executable());
  }

  /**
   * Puts {@code tokens} tokens behind a sequence without computing them: their keys and values are seeded. What it says afterwards means nothing; how long a
   * step over so many takes can be measured without waiting for a prompt of them.
   *
   * @throws ContextFullException if they do not fit
   */
  public void pretend(Sequence sequence, int tokens) {
    int[] ids = new int[tokens];
    naming(() -> checkFits(sequence, ids));
    cache.reserve(stream, sequence.slot(), sequence.position(), sequence.position() + tokens);
    PretendedKeys.append(backend, stream, cache, sequence.slot(), sequence.position(), tokens);
    sequence.append(ids, 0, tokens);
  }

  /** The stream that the decoder works on. */
  public Stream stream() {
    return stream;
  }

  private static int powerOfTwo(int n) {
    return n <= 1 ? 1 : Integer.highestOneBit(n - 1) << 1;
  }

  private Sequence checkFits(Sequence sequence, int[] ids) {
    checkOpen();
    return FeedRules.fits(this, sequence, ids, 0, ids.length);
  }

  private void checkOpen() {
    if (closed) {
      throw new ClosedException("a decoder is used after it was closed");
    }
  }

  /** Frees steps, cache, stream and prepared weights; a second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      // The stream first: what it still has to do, such as releasing a sequence's pages, holds the cache.
      try {
        stream.close();
      } finally {
        steps.values().forEach(DecoderStep::close);
        ahead.values().forEach(StepsAhead::close);
        cache.close();
        weights.close();
      }
    }
  }
}
