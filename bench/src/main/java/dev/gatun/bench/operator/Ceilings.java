package dev.gatun.bench.operator;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Explanation;
import dev.gatun.GatunException;
import dev.gatun.Program;
import dev.gatun.Stream;
import dev.gatun.bench.Journal;
import dev.gatun.decoder.cli.bench.BenchScale;
import dev.gatun.decoder.cli.bench.Lab;
import dev.gatun.decoder.cli.bench.MatmulCases;
import dev.gatun.decoder.cli.bench.Trial;
import java.util.Arrays;
import java.util.List;

/**
 * The roofline of a device, measured on it.
 *
 * @param bytesPerSecond what a large copy moves, each byte counted as read and as written
 * @param flopsPerSecond what the fastest large product of floats does; 0 where none ran
 * @param product which product that was
 */
record Ceilings(double bytesPerSecond, double flopsPerSecond, String product) {
  private static final BenchScale ONE_COPY = new BenchScale(true, 0, 1, 1, 1, 0);
  private static final int CUBE_OF_A_GPU = 8192;
  private static final int[] PRODUCT_OF_A_CPU = {256, 2048, 2048};
  private static final int SMALL_CUBE = 32;
  private static final long WARM_NANOS = 700_000_000;
  private static final int RUNS = 7;

  /** Those of the backend's device: measured the first time in a run, and known from then on. */
  static Ceilings of(Backend backend) {
    Journal journal = Journal.ofThisRun();
    return journal.kept(backend.name())
        .map(facts -> new Ceilings(facts.get("copyBytesPerSecond").asDouble(), facts.get("productFlopsPerSecond").asDouble(), facts.get("product").asText()))
        .orElseGet(() -> {
          LibraryProduct library = LibraryProduct.on(backend);
          Ceilings measured = withLibrary(measured(backend), library);
          journal.keep(backend.name(), measured.facts(backend, library));
          return measured;
        });
  }

  /** The share of the roofline that a run reaches: the least time that its bytes and operations allow, over the time it took. */
  double share(long bytes, long flops, double nanos) {
    double floor = Math.max(bytes / bytesPerSecond, flopsPerSecond > 0 ? flops / flopsPerSecond : 0);
    return 1e9 * floor / nanos;
  }

  private static Ceilings measured(Backend backend) {
    Ceilings best = new Ceilings(backend.bandwidth(), 0, "none");
    for (DType type : List.of(DType.BF16, DType.F32)) {
      int[] sizes = sizes(backend);
      try (Stream stream = backend.newStream(); Lab lab = new Lab(backend, stream, ONE_COPY, Lab.tiles())) {
        Trial trial = MatmulCases.product("ceiling", sizes[0], sizes[1], sizes[2], type, type).layOut().apply(lab);
        try (Executable product = backend.compile(Program.of(trial.copies().getFirst()))) {
          stream.submit(product);
          stream.synchronize();
          if (trial.check().error(0) <= trial.bound()) {
            double flops = product.explain().steps().stream().mapToLong(Explanation.Step::flops).sum() * 1e9 / nanos(product, stream, isSmall(backend));
            best = flops > best.flopsPerSecond ? new Ceilings(best.bytesPerSecond, flops, type.label() + " " + Arrays.toString(sizes) + " by " + backend.name())
                : best;
          }
        }
      } catch (GatunException _) {
        // A type that this backend does not multiply sets no ceiling.
      }
    }
    return best;
  }

  private static Ceilings withLibrary(Ceilings own, LibraryProduct library) {
    return library.flopsPerSecond() > own.flopsPerSecond ? new Ceilings(own.bytesPerSecond, library.flopsPerSecond(), library.product()) : own;
  }

  private static long nanos(Executable product, Stream stream, boolean small) {
    for (long warm = small ? WARM_NANOS : 0; warm < WARM_NANOS; ) {
      warm += product.time(stream, 1)[0];
    }
    return Arrays.stream(product.time(stream, small ? 1 : RUNS)).min().orElseThrow();
  }

  private static int[] sizes(Backend backend) {
    if (isSmall(backend)) {
      return new int[] {SMALL_CUBE, SMALL_CUBE, SMALL_CUBE};
    }
    return backend.device().hostMemory() ? PRODUCT_OF_A_CPU.clone() : new int[] {CUBE_OF_A_GPU, CUBE_OF_A_GPU, CUBE_OF_A_GPU};
  }

  /** Whether figures mean nothing: on an emulator, and where a test says so. */
  static boolean isSmall(Backend backend) {
    return backend.name().contains("emulated") || Long.getLong(Measured.ROTATED, 1) == 0;
  }

  private ObjectNode facts(Backend backend, LibraryProduct library) {
    ObjectNode facts = new ObjectMapper().createObjectNode();
    facts.put("device", backend.device().name()).put("kind", backend.device().kind()).put("units", backend.device().units())
        .put("memoryBytes", backend.device().memoryBytes());
    ObjectNode more = facts.putObject("facts");
    backend.device().facts().forEach(more::put);
    Sensors sensors = Sensors.of(backend);
    sensors.driver().ifPresent(driver -> facts.put("driver", driver));
    ObjectNode now = facts.putObject("sensorsAfterProducts");
    sensors.now().forEach(now::put);
    facts.put("cublas", library.note());
    return facts.put("copyBytesPerSecond", bytesPerSecond).put("productFlopsPerSecond", flopsPerSecond).put("product", product);
  }
}
