package dev.gatun.tck.cases;

import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Event;
import dev.gatun.Executable;
import dev.gatun.GatunException;
import dev.gatun.Program;
import dev.gatun.Scale;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What is promised of the order of work: one thing after the other on a stream, and done when that is said. */
final class OrderPromises {
  private static final long PATIENCE_NANOS = 60_000_000_000L;
  private static final int ROUNDS = 6;

  private OrderPromises() {}

  static void list(Promises to) {
    to.with("synchronize_waits", OrderPromises::synchronizeWaits)
        .with("read_waits", OrderPromises::readWaits)
        .with("run_waits", OrderPromises::runWaits)
        .with("idle_means_done", OrderPromises::idle)
        .with("copies_keep_their_turn", OrderPromises::copies)
        .with("programs_keep_their_turn", OrderPromises::programs)
        .with("write_takes_values_at_once", OrderPromises::write)
        .with("streams_are_independent", OrderPromises::streams)
        .with("one_submission_in_flight", OrderPromises::overlapping)
        .with("profile_keeps_its_turn", OrderPromises::profile)
        .with("event_waits_for_what_was_before", OrderPromises::events)
        .with("event_lets_go_of_what_was_before", OrderPromises::lettingGo);
  }

  private static void synchronizeWaits(Ground ground) {
    for (int round = 1; round <= ROUNDS; round++) {
      Tensor x = ground.zeros(ground.backend());
      try (Executable executable = ground.adding(ground.backend(), x, ground.steps())) {
        ground.stream().submit(executable);
        ground.stream().synchronize();
        ground.all("right after synchronize, in device memory", ground.peek(ground.backend(), x), ground.steps());
        Tensor copy = ground.host(x);
        ground.stream().submit(executable);
        ground.stream().copy(x, copy);
        ground.stream().synchronize();
        ground.all("right after synchronize, copied to the host", Ground.floats(copy), 2 * ground.steps());
      }
      x.buffer().close();
    }
  }

  /** Two programs in turn, the host one behind: what the event says is done is there, though the other program is under way. */
  private static void events(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Tensor y = ground.zeros(ground.backend());
    Executable first = ground.own(ground.adding(ground.backend(), x, ground.steps()));
    Executable second = ground.own(ground.adding(ground.backend(), y, ground.steps()));
    try (Event event = ground.stream().newEvent(); Stream other = ground.backend().newStream()) {
      ground.holds(event.isDone(), () -> "an event is not done before it was recorded");
      for (int round = 1; round <= ROUNDS; round++) {
        ground.stream().submit(first);
        ground.stream().record(event);
        ground.stream().submit(second);
        event.synchronize();
        ground.all("after the event, read beside the second program", other.readFloats(x), round * ground.steps());
        ground.holds(event.isDone(), () -> "an event is not done after it was waited for");
        ground.stream().synchronize();
        ground.all("after synchronize", ground.peek(ground.backend(), y), round * ground.steps());
      }
    }
  }

  /** What ran before the event may be submitted again while what came after it is under way; an event is its stream's alone. */
  private static void lettingGo(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Tensor y = ground.zeros(ground.backend());
    Executable first = ground.own(ground.adding(ground.backend(), x, ground.steps()));
    Executable second = ground.own(ground.adding(ground.backend(), y, ground.steps()));
    Event event = ground.stream().newEvent();
    Event later = ground.stream().newEvent();
    ground.stream().submit(first);
    ground.stream().record(event);
    for (int round = 0; round < ROUNDS; round++) {
      ground.stream().submit(second);
      ground.stream().record(later);
      event.synchronize();
      ground.stream().submit(first);
      ground.stream().record(event);
      later.synchronize();
    }
    try (Stream other = ground.backend().newStream()) {
      ground.refused("recording an event on another stream", GatunException.class, () -> other.record(event));
    }
    event.close();
    ground.refused("recording a closed event", GatunException.class, () -> ground.stream().record(event));
    ground.stream().synchronize();
    ground.all("the first program's", ground.peek(ground.backend(), x), (ROUNDS + 1) * ground.steps());
    ground.all("the second program's", ground.peek(ground.backend(), y), ROUNDS * ground.steps());
  }

  private static void readWaits(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    try (Executable executable = ground.adding(ground.backend(), x, ground.steps())) {
      for (int round = 1; round <= ROUNDS; round++) {
        ground.stream().submit(executable);
        ground.all("read after submission " + round, ground.stream().readFloats(x), round * ground.steps());
      }
    }
  }

  private static void runWaits(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Tensor y = ground.zeros(ground.backend());
    ground.stream().write(x, ones(x));
    for (int round = 1; round <= ROUNDS; round++) {
      ground.stream().run(new Scale(x, round, y));
      ground.all("right after run", ground.peek(ground.backend(), y), round);
    }
  }

  private static float[] ones(Tensor like) {
    float[] ones = new float[(int) like.shape().elements()];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static void idle(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    try (Executable executable = ground.adding(ground.backend(), x, ground.steps())) {
      for (int round = 1; round <= ROUNDS; round++) {
        ground.stream().submit(executable);
        long since = System.nanoTime();
        while (!ground.stream().device().isIdle()) {
          ground.holds(System.nanoTime() - since < PATIENCE_NANOS, () -> "the stream is not idle a minute after its last work");
          Thread.onSpinWait();
        }
        ground.all("once the stream said it was idle", ground.peek(ground.backend(), x), round * ground.steps());
        ground.stream().synchronize();
        ground.holds(ground.stream().device().isIdle(), () -> "the stream is not idle after synchronize");
      }
    }
  }

  /** Each round's input is copied in, worked on and copied out, with no wait until the end. */
  private static void copies(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    List<Tensor> out = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      Tensor in = ground.host(x);
      for (int i = 0; i < x.shape().elements(); i++) {
        in.buffer().host().orElseThrow().setAtIndex(ValueLayout.JAVA_FLOAT, i, 1000 * round);
      }
      Tensor copy = ground.host(x);
      ground.stream().copy(in, x);
      ground.stream().submit(ground.own(ground.adding(ground.backend(), x, ground.steps())));
      ground.stream().copy(x, copy);
      out.add(copy);
    }
    ground.stream().synchronize();
    for (int round = 0; round < ROUNDS; round++) {
      ground.all("round " + round, Ground.floats(out.get(round)), 1000 * round + ground.steps());
    }
  }

  /** Two programs, back to back: the second reads what the first writes, and overwrites what it read. */
  private static void programs(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Tensor y = ground.backend().allocate(DType.F32, x.shape().sizes());
    Executable adding = ground.own(ground.adding(ground.backend(), x, ground.steps()));
    Executable moving = ground.own(ground.backend().compile(Program.builder("moving").input(x).output(x, y).add(new Copy(x, y)).add(new Scale(x, 0.5f, x))
        .build()));
    float expected = 0;
    for (int round = 0; round < ROUNDS; round++) {
      ground.stream().submit(adding);
      ground.stream().submit(moving);
      ground.stream().synchronize();
      expected += ground.steps();
      ground.all("round " + round + ", what the second read", ground.peek(ground.backend(), y), expected);
      expected /= 2;
      ground.all("round " + round + ", what the second overwrote", ground.peek(ground.backend(), x), expected);
    }
  }

  private static void write(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Executable executable = ground.own(ground.adding(ground.backend(), x, ground.steps()));
    ground.stream().submit(executable);
    float[] values = ones(x);
    ground.stream().write(x, values);
    Arrays.fill(values, -7);
    ground.stream().synchronize();
    ground.all("written after a submission, with the array changed since", ground.stream().readFloats(x), 1);
  }

  private static void streams(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Tensor y = ground.zeros(ground.backend());
    Executable first = ground.own(ground.adding(ground.backend(), x, ground.steps()));
    Executable second = ground.own(ground.adding(ground.backend(), y, 1));
    try (Stream other = ground.backend().newStream()) {
      for (int round = 1; round <= ROUNDS; round++) {
        ground.stream().submit(first);
        other.submit(second);
        other.synchronize();
        ground.all("the stream that was waited for", ground.peek(ground.backend(), y), round);
        ground.stream().synchronize();
        ground.all("the other stream", ground.peek(ground.backend(), x), round * ground.steps());
      }
    }
    ground.stream().submit(first);
    ground.all("with another stream closed", ground.stream().readFloats(x), (ROUNDS + 1) * ground.steps());
  }

  /** A second submission is refused while the first is in flight, and done once it is not. */
  private static void overlapping(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Executable executable = ground.own(ground.adding(ground.backend(), x, ground.steps()));
    int done = 1;
    ground.stream().submit(executable);
    try (Stream other = ground.backend().newStream()) {
      for (Stream stream : List.of(ground.stream(), other)) {
        done += ground.attempted("submitting what is in flight", () -> stream.submit(executable)) ? 1 : 0;
      }
      other.synchronize();
    }
    ground.stream().synchronize();
    ground.all("submitted " + done + " times", ground.stream().readFloats(x), done * ground.steps());
    ground.stream().submit(executable);
    ground.all("submitted again when it was done", ground.stream().readFloats(x), (done + 1) * ground.steps());
  }

  private static void profile(Ground ground) {
    Tensor x = ground.zeros(ground.backend());
    Executable executable = ground.own(ground.adding(ground.backend(), x, ground.steps()));
    Executable other = ground.own(ground.adding(ground.backend(), x, 1));
    ground.stream().submit(other);
    int steps = executable.profile(ground.stream(), 3).size();
    ground.holds(steps > 0, () -> "a profile has no steps");
    ground.stream().submit(other);
    ground.all("profiled three times between two submissions", ground.stream().readFloats(x), 3 * ground.steps() + 2);
    ground.refused("a profile of −1 runs", GatunException.class, () -> executable.profile(ground.stream(), -1));
  }
}
