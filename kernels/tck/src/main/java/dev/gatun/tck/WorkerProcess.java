package dev.gatun.tck;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.gatun.GatunException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A JVM that runs {@link Worker}, spoken to through a socket of its own, so that nothing a backend prints gets between. It ends when the socket is closed, which the end
 * of this process does too.
 */
final class WorkerProcess implements AutoCloseable {
  static final String ARGUMENTS = "arguments";

  private static final Duration FAREWELL = Duration.ofSeconds(10);

  /** What came from the worker. */
  sealed interface Heard {}

  record Said(JsonFields message) implements Heard {}

  /** Its end of the socket is closed: it is gone, or about to be. */
  record Ended() implements Heard {}

  /** Nothing within the time given. */
  record Silent() implements Heard {}

  interface Body {
    void to(JsonGenerator json) throws IOException;
  }

  private final Path folder;
  private final ServerSocketChannel server;
  private final Process process;
  private final Tail tail;
  private final BlockingQueue<Heard> inbox = new LinkedBlockingQueue<>();
  private volatile SocketChannel channel;

  /** Starts it. @throws GatunException if no process can be started */
  WorkerProcess() {
    try {
      folder = Files.createTempDirectory("gatun-validation");
      Path socket = folder.resolve("s");
      Path arguments = folder.resolve(ARGUMENTS);
      Files.write(arguments, JavaCommand.file(JavaCommand.arguments(Worker.class,
          List.of("-XX:ErrorFile=" + folder.resolve("fatal.log"), "-XX:-CreateCoredumpOnCrash"))));
      server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
      ProcessBuilder builder = new ProcessBuilder(JavaCommand.program(), "@" + arguments, socket.toString()).redirectErrorStream(true);
      // This JVM's flags, which are passed on, hold what these gave.
      builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"));
      process = builder.start();
      process.getOutputStream().close();
    } catch (IOException e) {
      throw new GatunException("validation: no process could be started to examine in: " + e.getMessage(), e);
    }
    tail = new Tail(process.getInputStream());
    Thread.ofPlatform().daemon().name("validation-worker").start(this::listen);
    process.onExit().thenRun(this::closeServer);
  }

  private void listen() {
    try {
      channel = server.accept();
      BufferedReader lines = new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        inbox.add(new Said(JsonFields.read("a worker's message", ReportJson.JSON.createParser(line))));
      }
    } catch (IOException | ReportException _) {
      // It ended, in the middle of a line perhaps.
    }
    inbox.add(new Ended());
  }

  private void closeServer() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends a message; one that no longer arrives is followed by {@link Ended}. */
  void send(Body body) {
    try {
      send(channel, body);
    } catch (IOException _) {
      // The reader meets the same end.
    }
  }

  /** Sends a message as one line of JSON. */
  static void send(SocketChannel channel, Body body) throws IOException {
    StringBuilder line = new StringBuilder();
    try (JsonGenerator json = ReportJson.JSON.createGenerator(new AppendingWriter(line))) {
      json.writeStartObject();
      body.to(json);
      json.writeEndObject();
    }
    ByteBuffer bytes = ByteBuffer.wrap(line.append('\n').toString().getBytes(StandardCharsets.UTF_8));
    synchronized (channel) {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  /** The next message, once it is there. */
  Heard hear(Duration limit) {
    try {
      Heard heard = inbox.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
      return heard == null ? new Silent() : heard;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      kill();
      return new Ended();
    }
  }

  /** Ends it at once. */
  void kill() {
    process.destroyForcibly();
  }

  /** How it ended, once it has; what does not end by itself is ended. */
  WorkerEnd end() {
    await();
    return new WorkerEnd(process.exitValue(), WorkerEnd.fatal(folder.resolve("fatal.log")), tail.last());
  }

  private void await() {
    boolean interrupted = Thread.interrupted();
    try {
      if (!process.waitFor(FAREWELL.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException _) {
      interrupted = true;
      process.destroyForcibly();
      process.onExit().join();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Tells it that no more is wanted, so that it closes its backend and ends. */
  void dismiss() {
    SocketChannel open = channel;
    if (open == null) {
      kill();
      return;
    }
    try {
      open.close();
    } catch (IOException _) {
      kill();
    }
  }

  /** Lets it close its backend and end; ends it if that takes too long. */
  @Override
  public void close() {
    dismiss();
    await();
    closeServer();
    try {
      List<Path> files = new ArrayList<>();
      try (Stream<Path> left = Files.list(folder)) {
        left.forEach(files::add);
      }
      files.add(folder);
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      System.getLogger("dev.gatun.tck").log(System.Logger.Level.DEBUG, "after a worker's end", e);
    }
  }
}
