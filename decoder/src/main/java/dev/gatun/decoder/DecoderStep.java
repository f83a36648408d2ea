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
import dev.gatun.decoder.family.Graph;
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
  private final HostSide chosen;
  private final HostSide logit;
  private final Controls controls;
  private final Executable executable;
  private final List<Buffer> owned = new ArrayList<>();

  DecoderStep(Backend backend, Bucket bucket, Graph graph, KvCache cache, DType activations, int vocabulary, int history) {
    this(backend, bucket, graph, cache, activations, vocabulary, history, inputs(backend, bucket), Optional.empty());
  }

  /** A step that leads to another; of one token and one row of logits for each sequence, and sampled without penalties. Owns its inputs. */
  DecoderStep(Backend backend, Bucket bucket, Graph graph, KvCache cache, DType activations, int vocabulary, StepInputs inputs,
      Following following) {
    this(backend, bucket, graph, cache, activations, vocabulary, 1, inputs, Optional.of(following));
  }

  private DecoderStep(Backend backend, Bucket bucket, Graph graph, KvCache cache, DType activations, int vocabulary, int history,
      StepInputs inputs, Optional<Following> following) {
    this.bucket = bucket;
    this.inputs = inputs;
    this.following = following;
    owned.add(inputs.all().buffer());
    try {
      this.logits = allocate(backend, DType.F32, bucket.rows(), vocabulary);
      this.next = following.isPresent() ? following.get().inputs().everyId() : allocate(backend, DType.I32, bucket.rows());
      this.chosen = new HostSide(next);
      this.logit = HostSide.ofOne(logits);
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

  /** Waits for the work of {@code reader}, and fetches the ids chosen for the first rows. */
  void choices(Stream reader, int[] into) {
    chosen.fetch(reader, into.length);
    for (int i = 0; i < into.length; i++) {
      into[i] = chosen.get(i);
    }
  }

  /** Refuses the id chosen for a row where its logit is not finite. @param position of the token that the logits are after */
  void check(Stream reader, Path file, int row, int id, int position) {
    long vocabulary = logits.size(1);
    boolean known = id >= 0 && id < vocabulary;
    if (known) {
      logit.fetchOne(reader, row * vocabulary + id);
    }
    if (!known || !Float.isFinite(Float.intBitsToFloat(logit.get(0)))) {
      throw new GatunException(file + ": the logits after position " + position
          + " are not finite; the weights may hold NaN or infinity, or have overflowed");
    }
  }

  /** Writes how each row's next token is chosen: each sequence of the list has so many rows, or one where that is none, which are of its last tokens. */
  void control(Stream stream, List<Sequence> sequences, int rowsOfEach) {
    if (controls != null) {
      controls.write(stream, sequences, Math.max(1, rowsOfEach));
    }
  }

  @Override
  public void close() {
    executable.close();
    owned.forEach(Buffer::close);
  }

  /** The device memory of {@link Penalize} and {@link Sample}, and what the host writes there. */
  private final class Controls {
    private final int most;
    private final Tensor history;
    private final Tensor lengths;
    private final Tensor penalties;
    private final Tensor settings;
    private final Tensor seeds;
    private final Tensor positions;
    private final HostSide[] host;

    Controls(Backend backend, int rows, int most) {
      this.most = most;
      this.history = allocate(backend, DType.I32, rows, most);
      this.lengths = allocate(backend, DType.I32, rows);
      this.penalties = allocate(backend, DType.F32, rows, 3);
      this.settings = allocate(backend, DType.F32, rows, 4);
      this.seeds = allocate(backend, DType.I32, rows, 3);
      this.positions = allocate(backend, DType.I32, rows);
      this.host = java.util.stream.Stream.of(history, lengths, penalties, settings, seeds, positions).map(HostSide::new).toArray(HostSide[]::new);
    }

    void write(Stream stream, List<Sequence> sequences, int rowsOfEach) {
      for (HostSide side : host) {
        side.clear();
      }
      // By index: an iterator would be an object for each token.
      for (int i = 0; i < sequences.size(); i++) {
        Sequence sequence = sequences.get(i);
        for (int row = 0; row < rowsOfEach; row++) {
          write(i * rowsOfEach + row, sequence, sequence.position() - rowsOfEach + 1 + row);
        }
      }
      for (HostSide side : host) {
        side.send(stream);
      }
      stream.synchronize();
    }

    /** @param length of the text that the row's token comes after */
    private void write(int row, Sequence sequence, int length) {
      Sampling sampling = sequence.sampling();
      int count = Math.min(most, length);
      for (int i = 0; i < count; i++) {
        host[0].set((long) row * most + i, sequence.id(length - count + i));
      }
      host[1].set(row, count);
      host[2].set(3L * row, sampling.repetition());
      host[2].set(3L * row + 1, sampling.frequency());
      host[2].set(3L * row + 2, sampling.presence());
      host[3].set(4L * row, sampling.temperature());
      host[3].set(4L * row + 1, sampling.topP());
      host[3].set(4L * row + 2, sampling.minP());
      host[3].set(4L * row + 3, (float) sampling.topK());
      host[4].set(3L * row, (int) sequence.seed());
      host[4].set(3L * row + 1, (int) (sequence.seed() >>> 32));
      host[4].set(3L * row + 2, sequence.slot());
      host[5].set(row, length - 1);
    }
  }
}
