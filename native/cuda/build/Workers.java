import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs tasks side by side, one on each processor. */
final class Workers {
  private Workers() {}

  /** The results in the order of the tasks. When tasks fail the others still run, and the failure names them all. */
  static <T> List<T> all(List<Callable<T>> tasks) {
    try (ExecutorService pool = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
      List<Future<T>> futures = tasks.stream().map(pool::submit).toList();
      List<T> results = new ArrayList<>();
      List<String> failures = new ArrayList<>();
      for (Future<T> future : futures) {
        try {
          results.add(future.get());
        } catch (ExecutionException e) {
          if (!(e.getCause() instanceof BuildFailure failure)) {
            throw new IllegalStateException(e.getCause());
          }
          failures.add(failure.getMessage());
        }
      }
      if (!failures.isEmpty()) {
        throw new BuildFailure(String.join("\n", failures));
      }
      return results;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BuildFailure("interrupted");
    }
  }
}
