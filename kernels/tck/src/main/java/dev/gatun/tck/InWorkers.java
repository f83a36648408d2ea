package dev.gatun.tck;

import dev.gatun.BackendUnavailableException;
import dev.gatun.GatunException;
import dev.gatun.tck.WorkerProcess.Ended;
import dev.gatun.tck.WorkerProcess.Heard;
import dev.gatun.tck.WorkerProcess.Said;
import dev.gatun.tck.WorkerProcess.Silent;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Examines in a process for each group. One that crashes, hangs or runs out of memory costs the case it was examining; the next case gets a new one. */
final class InWorkers implements Examiner {
  /** A group whose processes end this often is given up: so many crashes tell what one more would. */
  private static final int MOST_LOST = 25;

  /** Starting takes its time on a busy machine, however short the limit of a case. */
  private static final Duration LEAST_START = Duration.ofMinutes(1);
  private static final Duration DUMP = Duration.ofSeconds(5);
  private static final long WISH_MILLIS = 3000;
  private static final long LOOK_MILLIS = 20;

  private final Validation asked;
  private final int mostLost;
  private final Map<String, Integer> lost = new HashMap<>();
  private final Thread hook = new Thread(this::stop, "validation-end");
  private Report.Subject subject;
  private Scale scale;
  private Optional<String> gone = Optional.empty();
  private Optional<String> group = Optional.empty();
  private volatile Optional<WorkerProcess> worker = Optional.empty();
  private volatile boolean stopped;

  InWorkers(Validation asked) {
    this(asked, MOST_LOST);
  }

  InWorkers(Validation asked, int mostLost) {
    this.asked = asked;
    this.mostLost = mostLost;
    this.scale = asked.scale().orElse(null);
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      start();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  @Override
  public Report.Subject subject() {
    return subject;
  }

  @Override
  public Scale scale() {
    return scale;
  }

  /** Starts a process that opens the backend. @throws GatunException with the reasons if that fails */
  private WorkerProcess start() {
    WorkerProcess started = new WorkerProcess();
    worker = Optional.of(started);
    if (stopped) {
      started.kill();
    }
    Duration limit = asked.timeout().compareTo(LEAST_START) > 0 ? asked.timeout() : LEAST_START;
    Heard heard = started.hear(limit);
    if (heard instanceof Said) {
      started.send(json -> {
        json.writeStringField("backend", asked.backend());
        SubjectJson.texts(json, "options", asked.options().values());
        json.writeStringField("scale", scale == null ? null : scale.name().toLowerCase(Locale.ROOT));
        json.writeNumberField("seed", asked.seed());
      });
      heard = started.hear(limit);
    }
    switch (heard) {
      case Said said when said.message().has("subject") -> {
        subject = SubjectJson.read(said.message().object("subject"));
        scale = said.message().constant("scale", Scale.class);
        return started;
      }
      case Said said when said.message().has("unavailable") -> throw given(new BackendUnavailableException(said.message().text("unavailable")));
      case Said said -> throw given(new GatunException(said.message().text("failed")));
      case Silent _ -> throw given(new GatunException("backend " + asked.backend() + " was not open after " + limit.toSeconds() + " s"));
      case Ended _ -> throw given(new GatunException("backend " + asked.backend() + ": the process that opened it ended: " + started.end().words()));
    }
  }

  private GatunException given(GatunException reason) {
    drop();
    return reason;
  }

  @Override
  public CaseResult examine(TestCase test) {
    String wanted = Suite.group(test);
    if (!stopped && gone.isEmpty() && lost.getOrDefault(wanted, 0) < mostLost) {
      try {
        if (group.isPresent() && !group.get().equals(wanted)) {
          retire();
        }
        group = Optional.of(wanted);
        return examine(worker.isPresent() ? worker.get() : start(), test, wanted);
      } catch (CaseException e) {
        throw e;
      } catch (GatunException e) {
        gone = Optional.of("the backend did not open again: " + e.getMessage());
      }
    }
    return unexamined(test, Verdict.NOT_RUN, "", stopped ? "the run was stopped before it"
        : gone.orElseGet(() -> mostLost + " cases of the group " + wanted + " ended their process; the rest of it was left out"));
  }

  private CaseResult examine(WorkerProcess in, TestCase test, String wanted) {
    in.send(json -> json.writeStringField("case", test.line()));
    return switch (in.hear(asked.timeout())) {
      case Said said when said.message().has("refused") -> throw new CaseException(said.message().text("refused"));
      case Said said -> {
        if (said.message().flag("spent")) {
          in.kill();
          drop();
        }
        yield CaseJson.read(said.message().object("result"));
      }
      case Silent _ -> {
        String where = stack(in);
        in.kill();
        drop();
        lost.merge(wanted, 1, Integer::sum);
        yield unexamined(test, Verdict.FAIL, "hang", "not done after " + asked.timeout().toSeconds() + " s" + where);
      }
      case Ended _ -> {
        WorkerEnd end = in.end();
        drop();
        if (isStopped(end)) {
          yield unexamined(test, Verdict.NOT_RUN, "", "the run was stopped at it");
        }
        lost.merge(wanted, 1, Integer::sum);
        yield unexamined(test, Verdict.FAIL, "crash", "the process ended: " + end.words());
      }
    };
  }

  /** Where a worker that does not answer is; empty if it does not even tell that. */
  private static String stack(WorkerProcess in) {
    in.send(json -> json.writeBooleanField("stack", true));
    return in.hear(DUMP) instanceof Said said && said.message().has("stack") ? ", at " + said.message().text("stack") : "";
  }

  /** The terminal's Ctrl-C reaches the workers too, perhaps before this process has taken it as a wish to stop. */
  private boolean isStopped(WorkerEnd end) {
    if (Thread.currentThread().isInterrupted()) {
      stopped = true;
    }
    for (long waited = 0; end.wished() && !stopped && waited < WISH_MILLIS; waited += LOOK_MILLIS) {
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        stopped = true;
      }
    }
    return stopped;
  }

  private static CaseResult unexamined(TestCase test, Verdict verdict, String check, String message) {
    return CaseResult.unexamined(test, Suite.column(test), verdict, check, message);
  }

  /** Lets the worker close its backend and end. */
  private void retire() {
    worker.ifPresent(retired -> {
      retired.dismiss();
      WorkerEnd end = retired.end();
      if (end.code() != 0 && !stopped) {
        System.getLogger("dev.gatun.tck").log(System.Logger.Level.WARNING, "closing backend " + asked.backend() + " after the group "
            + group.orElse("") + ": the process ended with " + end.words());
      }
    });
    drop();
  }

  private void drop() {
    worker.ifPresent(WorkerProcess::close);
    worker = Optional.empty();
  }

  @Override
  public void stop() {
    stopped = true;
    worker.ifPresent(WorkerProcess::kill);
  }

  @Override
  public void close() {
    retire();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The process is ending, and the hook has done its work or is at it.
    }
  }
}
