package dev.gatun.decoder;

import dev.gatun.Argmax;
import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Penalize;
import dev.gatun.Program;
import dev.gatun.Sample;
import dev.gatun.Shape;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A compiled step for up to so many tokens, sequences and rows of logits, with the memory the host exchanges with it. */
final class DecoderStep implements AutoCloseable {
  /** Steps of more tokens work on tiles, where the type of activations counts. */
  private static final int MOST_STREAMED = 8;

  /** What a step is compiled for. */
  record Bucket(int tokens, int sequences, int rows, Choice choice) {}

  /** How the next tokens are chosen. */
  enum Choice {
    /** By {@link Argmax}. */
    GREEDY,
    /** By {@link Penalize} and {@link Sample}. */
    SAMPLED
  }

  /**
   * The step that comes after, which is given its tokens and their positions by this one.
   *
   * @param inputs where they go
   * @param successors i + 1 at row i, as bits of F32: {@code [context, 1]}
   */
  record Following(StepInputs inputs, Tensor successors) {}

  private final Bucket bucket;
  private final Optional<Following> following;
  private final StepInputs inputs;
  private final Tensor logits;
  private final Tensor next;
  private final Controls controls;
  private final Executable executable;
  private final List<Buffer> owned = new ArrayList<>();

  DecoderStep(Backend backend, Bucket bucket, Family.Graph graph, KvCache cache, DType activations, int vocabulary, int history) {
    this(backend, bucket, graph, cache, activations, vocabulary, history, inputs(backend, bucket), Optional.empty());
  }

  /** A step that leads to another; of one token and one row of logits for each sequence, and sampled without penalties. Owns its inputs. */
  DecoderStep(Backend backend, Bucket bucket, Family.Graph graph, KvCache cache, DType activations, int vocabulary, StepInputs inputs,
      Following following) {
    this(backend, bucket, graph, cache, activations, vocabulary, 1, inputs, Optional.of(following));
  }

  private DecoderStep(Backend backend, Bucket bucket, Family.Graph graph, KvCache cache, DType activations, int vocabulary, int history,
      StepInputs inputs, Optional<Following> following) {
    this.bucket = bucket;
    this.inputs = inputs;
    this.following = following;
    owned.add(inputs.all().buffer());
    try {
      this.logits = allocate(backend, DType.F32, bucket.rows(), vocabulary);
      this.next = following.isPresent() ? following.get().inputs().everyId() : allocate(backend, DType.I32, bucket.rows());
      this.controls = bucket.choice() == Choice.SAMPLED ? new Controls(backend, bucket.rows(), history) : null;
      Program.Builder program = Program.builder("decode " + bucket.tokens() + " tokens").input(inputs.all()).output(logits, next);
      following.ifPresent(step -> program.input(step.successors()).output(step.inputs().all())
          .add(inputs.advance(step.successors(), step.inputs())));
      graph.build(program, inputs, bucket.tokens(), bucket.rows(), cache, bucket.tokens() > MOST_STREAMED ? activations : DType.F32, logits);
      choose(program);
      this.executable = backend.compile(program.build());
    } catch (RuntimeException | Error e) {
      owned.forEach(Buffer::close);
      throw e;
    }
  }

  static StepInputs inputs(Backend backend, Bucket bucket) {
    return new StepInputs(backend, bucket.tokens(), bucket.sequences(), bucket.rows());
  }

  private Tensor allocate(Backend backend, DType type, long... shape) {
    Tensor tensor = backend.allocate(type, shape);
    owned.add(tensor.buffer());
    return tensor;
  }

  private void choose(Program.Builder program) {
    Tensor rows = inputs.perRow(logits);
    if (bucket.choice() == Choice.GREEDY) {
      program.add(new Argmax(rows, inputs.perRow(next)));
      return;
    }
    if (following.isPresent()) {
      program.input(controls.settings, controls.seeds);
      program.add(new Sample(rows, inputs.perRow(controls.settings), inputs.perRow(controls.seeds), inputs.positionOfEachRow(), inputs.perRow(next)));
      return;
    }
    program.input(controls.history, controls.lengths, controls.penalties, controls.settings, controls.seeds, controls.positions);
    Tensor penalized = inputs.perRow(program.temporary("penalized", DType.F32, logits.shape().sizes()));
    program.add(new Penalize(rows, inputs.perRow(controls.history), inputs.perRow(controls.lengths), inputs.perRow(controls.penalties), penalized));
    program.add(new Sample(penalized, inputs.perRow(controls.settings), inputs.perRow(controls.seeds), inputs.perRow(controls.positions),
        inputs.perRow(next)));
  }

  Executable executable() {
    return executable;
  }

  StepInputs inputs() {
    return inputs;
  }

  Tensor logits() {
    return logits;
  }

  Tensor next() {
    return next;
  }

  /** Refuses the id chosen for a row where its logit is not finite. @param position of the token that the logits are after */
  void check(Stream reader, Path file, int row, int id, int position) {
    long vocabulary = logits.size(1);
    boolean known = id >= 0 && id < vocabulary;
    float chosen = known ? reader.readFloats(Tensor.of(logits.storage(), 4 * (row * vocabulary + id), DType.F32, Shape.of(1)))[0] : Float.NaN;
    if (!Float.isFinite(chosen)) {
      throw new GatunException(file + ": the logits after position " + position
          + " are not finite; the weights may hold NaN or infinity, or have overflowed");
    }
  }

  /** Writes how each row's next token is chosen; a row belongs to the sequence at the same place of the list. */
  void control(Stream stream, List<Sequence> sequences) {
    if (controls != null) {
      controls.write(stream, sequences);
    }
  }

  @Override
  public void close() {
    executable.close();
    owned.forEach(Buffer::close);
  }

  /** The device memory of {@link Penalize} and {@link Sample}. */
  private final class Controls {
    private final int rows;
    private final int most;
    private final Tensor history;
    private final Tensor lengths;
    private final Tensor penalties;
    private final Tensor settings;
    private final Tensor seeds;
    private final Tensor positions;

    Controls(Backend backend, int rows, int most) {
      this.rows = rows;
      this.most = most;
      this.history = allocate(backend, DType.I32, rows, most);
      this.lengths = allocate(backend, DType.I32, rows);
      this.penalties = allocate(backend, DType.F32, rows, 3);
      this.settings = allocate(backend, DType.F32, rows, 4);
      this.seeds = allocate(backend, DType.I32, rows, 3);
      this.positions = allocate(backend, DType.I32, rows);
    }

    void write(Stream stream, List<Sequence> sequences) {
      int[] recent = new int[rows * most];
      int[] counts = new int[rows];
      float[] lowered = new float[rows * 3];
      float[] chosen = new float[rows * 4];
      int[] seeded = new int[rows * 3];
      int[] placed = new int[rows];
      for (int r = 0; r < sequences.size(); r++) {
        Sequence sequence = sequences.get(r);
        Sampling sampling = sequence.sampling();
        counts[r] = Math.min(most, sequence.position());
        for (int i = 0; i < counts[r]; i++) {
          recent[r * most + i] = sequence.id(sequence.position() - counts[r] + i);
        }
        set(lowered, 3 * r, sampling.repetition(), sampling.frequency(), sampling.presence());
        set(chosen, 4 * r, sampling.temperature(), sampling.topP(), sampling.minP(), sampling.topK());
        seeded[3 * r] = (int) sampling.seed();
        seeded[3 * r + 1] = (int) (sampling.seed() >>> 32);
        seeded[3 * r + 2] = sequence.slot();
        placed[r] = sequence.position() - 1;
      }
      stream.write(history, recent);
      stream.write(lengths, counts);
      stream.write(penalties, lowered);
      stream.write(settings, chosen);
      stream.write(seeds, seeded);
      stream.write(positions, placed);
    }

    private static void set(float[] into, int at, float... values) {
      System.arraycopy(values, 0, into, at, values.length);
    }
  }
}
