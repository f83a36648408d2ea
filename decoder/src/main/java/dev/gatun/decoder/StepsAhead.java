package dev.gatun.decoder;

import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Event;
import dev.gatun.KvCache;
import dev.gatun.Shape;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.decoder.family.Graph;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;

/**
 * Steps of one token for each of some sequences, the device one step ahead of the host. There are two compiled steps that take turns: each leaves the chosen tokens and their
 * positions where the other reads them, so that the host submits a step before it knows what the one before chose. It reads that while the device works on.
 */
final class StepsAhead implements AutoCloseable {
  private final KvCache cache;
  private final Path file;
  private final Stream stream;
  private final Stream reader;
  private final Deque<Runnable> ends = new ArrayDeque<>();
  private final List<DecoderStep> steps = new ArrayList<>();
  private final List<Event> done = new ArrayList<>();

  /** Steps on {@code stream}, which closes before this. @param options with the most tokens of a sequence */
  StepsAhead(Backend backend, DecoderStep.Bucket bucket, Graph graph, KvCache cache, int vocabulary, DecoderOptions options,
      Stream stream, Path file) {
    this.cache = cache;
    this.file = file;
    this.stream = stream;
    int context = options.context();
    int[] next = new int[context];
    Arrays.setAll(next, i -> i + 1);
    this.reader = backend.newStream();
    ends.addFirst(reader::close);
    try {
      Buffer successors = backend.tensor(next, context).buffer();
      ends.addFirst(successors::close);
      Tensor bits = Tensor.of(successors, 0, DType.F32, Shape.of(context, 1));
      StepInputs first = DecoderStep.inputs(backend, bucket);
      ends.addFirst(first.all().buffer()::close);
      StepInputs second = DecoderStep.inputs(backend, bucket);
      ends.addFirst(second.all().buffer()::close);
      for (StepInputs inputs : List.of(first, second)) {
        DecoderStep.Following following = new DecoderStep.Following(inputs == first ? second : first, bits);
        DecoderStep step = new DecoderStep(backend, bucket, graph, cache, options.activations(), vocabulary, inputs, following);
        ends.addFirst(step::close);
        steps.add(step);
        Event event = stream.newEvent();
        ends.addFirst(event::close);
        done.add(event);
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** As {@link Decoder#follow}, for at least one step. If a step fails, the sequences hold the steps before it. */
  int run(List<Sequence> sequences, int[] ids, int count, Predicate<int[]> goesOn) {
    int[] start = sequences.stream().mapToInt(Sequence::position).toArray();
    int known = 0;
    try {
      begin(sequences, ids);
      int[] fed = ids.clone();
      int[] chosen = new int[ids.length];
      int[] given = new int[ids.length];
      int submitted = 0;
      while (known < count) {
        while (submitted < Math.min(count, known + 2)) {
          submit(sequences, start, submitted);
          submitted++;
        }
        choices(start, known, chosen);
        append(sequences, fed);
        known++;
        System.arraycopy(chosen, 0, given, 0, chosen.length);
        System.arraycopy(chosen, 0, fed, 0, chosen.length);
        if (!goesOn.test(given)) {
          break;
        }
      }
      stream.synchronize();
      return known;
    } catch (RuntimeException | Error e) {
      try {
        stream.synchronize();
      } catch (RuntimeException alsoFailed) {
        e.addSuppressed(alsoFailed);
      }
      for (int i = 0; i < start.length; i++) {
        sequences.get(i).rewind(start[i] + known);
      }
      throw e;
    }
  }

  /** Both steps get what stays; the first gets the tokens. */
  private void begin(List<Sequence> sequences, int[] ids) {
    for (DecoderStep step : steps) {
      step.inputs().clear();
      for (int i = 0; i < ids.length; i++) {
        Sequence sequence = sequences.get(i);
        step.inputs().add(sequence.slot(), sequence.position(), ids, i, i + 1, 1);
      }
      step.inputs().send(stream);
      step.control(stream, sequences, 1);
    }
  }

  private void submit(List<Sequence> sequences, int[] start, int index) {
    for (int i = 0; i < start.length; i++) {
      cache.reserve(stream, sequences.get(i).slot(), start[i] + index, start[i] + index + 1);
    }
    stream.submit(steps.get(index % 2).executable());
    stream.record(done.get(index % 2));
  }

  /** Fetches what a step chose, while the one after it is under way. */
  private void choices(int[] start, int index, int[] into) {
    DecoderStep step = steps.get(index % 2);
    done.get(index % 2).synchronize();
    step.choices(reader, into);
    for (int i = 0; i < start.length; i++) {
      step.check(reader, file, i, into[i], start[i] + index);
    }
  }

  private static void append(List<Sequence> sequences, int[] fed) {
    for (int i = 0; i < fed.length; i++) {
      sequences.get(i).append(fed, i, i + 1);
    }
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    while (!ends.isEmpty()) {
      try {
        ends.removeFirst().run();
      } catch (RuntimeException e) {
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
