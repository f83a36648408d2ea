package dev.gatun.cuda;

import dev.gatun.Explanation;
import dev.gatun.cuda.kernel.Launch;
import dev.gatun.ffi.cuda.CaptureMode;
import dev.gatun.ffi.cuda.Context;
import dev.gatun.ffi.cuda.Event;
import dev.gatun.ffi.cuda.Graph;
import dev.gatun.ffi.cuda.GraphExec;
import dev.gatun.ffi.cuda.Stream;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A program as a CUDA graph: captured once, replayed by one call. */
final class CudaExecutable implements DeviceExecutable {
  /** What one or more operators became: its launches, and its explanation, which is made only when asked for. */
  record Stage(Supplier<Explanation.Step> explanation, List<Launch> launches) {}

  private static final double NANOS_PER_MILLI = 1e6;

  private final String where;
  private final Context context;
  private final LoadedKernels kernels;
  private final List<Stage> stages;
  private final List<Launch> launches;
  private final List<DeviceMemory> memory;
  private final Arena parameters;
  private final Optional<GraphExec> graph;
  private final boolean programmatic;
  private final long[] medians;

  /**
   * Captures the stages.
   *
   * @param programmatic whether kernels that allow it are launched while those before them still run
   * @param capture a stream that nothing else uses meanwhile; without one the launches are made one by one each time
   * @param memory workspace and tables; freed with this
   * @param parameters holds the launches' parameters; closed with this
   */
  CudaExecutable(String program, Context context, LoadedKernels kernels, List<Stage> stages, List<DeviceMemory> memory, Arena parameters,
      boolean programmatic, Optional<Stream> capture) {
    this.where = "program " + program + ": ";
    this.context = context;
    this.kernels = kernels;
    this.stages = List.copyOf(stages);
    this.launches = this.stages.stream().flatMap(stage -> stage.launches().stream()).toList();
    this.memory = List.copyOf(memory);
    this.parameters = parameters;
    this.programmatic = programmatic;
    this.medians = new long[stages.size()];
    launches.forEach(kernels::prepare);
    this.graph = capture.map(this::captured);
  }

  private GraphExec captured(Stream capture) {
    // Virtual threads share one thread towards the driver: what another of them allocates meanwhile is no part of this capture, nor its end.
    capture.beginCapture(CaptureMode.RELAXED);
    try {
      launch(capture);
    } catch (RuntimeException | Error e) {
      abandon(capture, e);
      throw e;
    }
    GraphExec instantiated = null;
    try (Graph captured = capture.endCapture()) {
      instantiated = captured.instantiate();
    } catch (RuntimeException | Error e) {
      Release.after(e, instantiated == null ? List.of() : List.of(instantiated::close));
      throw e;
    }
    return instantiated;
  }

  private void launch(Stream stream) {
    launch(stream, launches);
  }

  /**
   * The first of these follows whatever else is in the stream and starts once that is done; each kernel after it that was launched early waits for the one before
   * it, so that by then all before are done.
   */
  private void launch(Stream stream, List<Launch> launches) {
    boolean follows = false;
    for (Launch launch : launches) {
      kernels.launch(stream, launch, programmatic && follows && launch.kernel().programmatic());
      follows = true;
    }
  }

  private static void abandon(Stream capture, Throwable cause) {
    Release.after(cause, List.of(() -> capture.endCapture().close()));
  }

  /** Every launch, in order. */
  List<Launch> launches() {
    return launches;
  }

  void submit(Stream stream) {
    if (graph.isPresent()) {
      graph.get().launch(stream);
    } else {
      launch(stream);
    }
  }

  /** What its failures begin with. */
  String where() {
    return where;
  }

  /** Launches every stage by itself, between events. */
  void profile(Stream stream, int runs) {
    Calls.run(where, () -> {
      long[][] samples = new long[stages.size()][runs];
      List<Event> events = new ArrayList<>();
      try {
        for (int i = 0; i <= stages.size(); i++) {
          events.add(context.newEvent(true));
        }
        for (int r = 0; r < runs; r++) {
          stream.record(events.getFirst());
          for (int i = 0; i < stages.size(); i++) {
            launch(stream, stages.get(i).launches());
            stream.record(events.get(i + 1));
          }
          stream.synchronize();
          for (int i = 0; i < stages.size(); i++) {
            samples[i][r] = Math.round(events.get(i + 1).millisecondsSince(events.get(i)) * NANOS_PER_MILLI);
          }
        }
      } catch (RuntimeException | Error e) {
        Release.after(e, List.of(stream::synchronize));
        Release.after(e, ends(events));
        throw e;
      }
      Release.all(ends(events));
      for (int i = 0; i < medians.length; i++) {
        Arrays.sort(samples[i]);
        medians[i] = samples[i][runs / 2];
      }
    });
  }

  /** Submits it again and again, with an event between. */
  long[] time(Stream stream, int runs) {
    long[] nanos = new long[runs];
    Calls.run(where, () -> {
      List<Event> events = new ArrayList<>();
      try {
        for (int r = 0; r <= runs; r++) {
          events.add(context.newEvent(true));
        }
        stream.record(events.getFirst());
        for (int r = 0; r < runs; r++) {
          submit(stream);
          stream.record(events.get(r + 1));
        }
        stream.synchronize();
        for (int r = 0; r < runs; r++) {
          nanos[r] = Math.round(events.get(r + 1).millisecondsSince(events.get(r)) * NANOS_PER_MILLI);
        }
      } catch (RuntimeException | Error e) {
        Release.after(e, List.of(stream::synchronize));
        Release.after(e, ends(events));
        throw e;
      }
      Release.all(ends(events));
    });
    return nanos;
  }

  private static List<Runnable> ends(List<Event> events) {
    return events.stream().<Runnable>map(event -> event::close).toList();
  }

  @Override
  public long workspaceBytes() {
    return memory.stream().mapToLong(DeviceMemory::bytes).sum();
  }

  @Override
  public List<Explanation.Step> steps() {
    List<Explanation.Step> list = new ArrayList<>();
    for (int i = 0; i < stages.size(); i++) {
      Explanation.Step e = stages.get(i).explanation().get();
      list.add(new Explanation.Step(e.sources(), e.kernel(), e.tile(), e.bytes(), e.flops(), medians[i], e.rejected()));
    }
    return list;
  }

  @Override
  public void close() {
    List<Runnable> ends = new ArrayList<>();
    graph.ifPresent(exec -> ends.add(exec::close));
    ends.addAll(ends(memory, parameters));
    Calls.run(() -> Release.all(ends));
  }

  /** What frees the memory and the parameters of a program. */
  static List<Runnable> ends(List<DeviceMemory> memory, Arena parameters) {
    List<Runnable> ends = new ArrayList<>();
    memory.forEach(piece -> ends.add(piece::free));
    ends.add(parameters::close);
    return ends;
  }
}
