package dev.gatun.bench;

import java.io.IOException;

/** The benchmarks that the jar holds, run by JMH with its usual options. */
public final class Suites {
  private Suites() {}

  /** Runs what the words of a JMH command line ask for. */
  public static void run(String... words) throws IOException {
    org.openjdk.jmh.Main.main(words);
  }
}
