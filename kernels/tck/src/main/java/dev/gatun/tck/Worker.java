package dev.gatun.tck;

import dev.gatun.BackendOptions;
import dev.gatun.BackendUnavailableException;
import dev.gatun.GatunException;
import dev.gatun.tck.lab.Lab;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;

/**
 * What runs in the processes that a {@link Validation} starts. Internal: started by hand it does nothing.
 *
 * <p>Over the socket it is given it takes first how to open the backend and then cases, each a line of JSON, and answers each with a line. It ends when the socket does,
 * in the middle of a case too.
 */
public final class Worker {
  private static final int USAGE = 2;
  private static final int ABANDONED = 3;
  private static final long LAST_MILLIS = 30_000;
  private static final int FRAMES = 12;

  private final Path socket;
  private final SocketChannel channel;
  private final BlockingQueue<Optional<JsonFields>> inbox = new LinkedBlockingQueue<>();
  private final Thread main = Thread.currentThread();
  private volatile boolean busy = true;

  private Worker(Path socket, SocketChannel channel) {
    this.socket = socket;
    this.channel = channel;
  }

  /** Takes the socket's path. */
  public static void main(String[] args) throws IOException, InterruptedException {
    // What a backend prints is for people; the results have a way of their own.
    System.setOut(System.err);
    if (args.length != 1) {
      System.err.println("this is a part of 'gatun validate', which starts it");
      System.exit(USAGE);
    }
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(args[0]))) {
      new Worker(Path.of(args[0]), channel).work();
    }
    System.exit(0);
  }

  private void work() throws IOException, InterruptedException {
    Thread.ofPlatform().daemon().name("validation-listener").start(this::listen);
    WorkerProcess.send(channel, json -> json.writeBooleanField("ready", true));
    JsonFields request = inbox.take().orElseThrow(() -> new IOException("nothing was asked for"));
    Lab lab;
    Report.Subject subject;
    try {
      Optional<Scale> scale = request.has("scale") ? Optional.of(request.constant("scale", Scale.class)) : Optional.empty();
      lab = Opening.lab(request.text("backend"), new BackendOptions(request.texts("options")), scale);
      subject = Opening.subject(lab);
    } catch (RuntimeException | Error e) {
      boolean known = e instanceof GatunException && e.getMessage() != null;
      busy = false;
      WorkerProcess.send(channel, json -> json.writeStringField(e instanceof BackendUnavailableException ? "unavailable" : "failed",
          known ? e.getMessage() : "backend " + request.text("backend") + " could not be opened: " + e));
      inbox.take();
      return;
    }
    try (CaseRunner runner = new CaseRunner(lab, request.whole("seed"))) {
      busy = false;
      WorkerProcess.send(channel, json -> {
        json.writeFieldName("subject");
        SubjectJson.write(json, subject);
        json.writeStringField("scale", lab.scale().name().toLowerCase(java.util.Locale.ROOT));
      });
      for (Optional<JsonFields> next = inbox.take(); next.isPresent(); next = inbox.take()) {
        busy = true;
        examine(runner, TestCase.parse(next.get().text("case")));
      }
    }
  }

  private void examine(CaseRunner runner, TestCase test) throws IOException {
    try {
      CaseResult result = runner.run(test);
      // Before the answer, at which the other side may close the socket.
      busy = false;
      WorkerProcess.send(channel, json -> {
        json.writeFieldName("result");
        CaseJson.write(json, result);
        json.writeBooleanField("spent", runner.spent());
      });
    } catch (CaseException e) {
      busy = false;
      WorkerProcess.send(channel, json -> json.writeStringField("refused", e.getMessage()));
    }
  }

  /** Ends the process with its socket, so that none outlives the one that started it. */
  private void listen() {
    try {
      BufferedReader lines = new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonFields message = JsonFields.read("a message", ReportJson.JSON.createParser(line));
        if (message.has("stack")) {
          WorkerProcess.send(channel, json -> json.writeStringField("stack", stack()));
        } else {
          inbox.add(Optional.of(message));
        }
      }
    } catch (IOException | GatunException _) {
      // As if it were closed.
    }
    removeFiles();
    if (busy) {
      Runtime.getRuntime().halt(ABANDONED);
    }
    inbox.add(Optional.empty());
    try {
      Thread.sleep(LAST_MILLIS);
    } catch (InterruptedException _) {
      // Ends at once.
    }
    Runtime.getRuntime().halt(ABANDONED);
  }

  /** Who started this does so too, unless it was killed. */
  private void removeFiles() {
    try {
      for (Path file : List.of(socket, socket.resolveSibling(WorkerProcess.ARGUMENTS), socket.getParent())) {
        Files.deleteIfExists(file);
      }
    } catch (IOException _) {
      // Something else is in the folder, or was there first.
    }
  }

  private String stack() {
    return Arrays.stream(main.getStackTrace()).limit(FRAMES).map(StackTraceElement::toString).collect(Collectors.joining(" < "));
  }
}
