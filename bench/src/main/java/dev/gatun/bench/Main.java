package dev.gatun.bench;

/** Where {@code java -jar gatun-bench.jar} begins: on an older Java it says in one line which one is needed. Compiled for Java 8. */
public final class Main {
  private static final int WANTED = 25;

  private Main() {}

  /** Hands the words of the command line to {@code Suites}. */
  public static void main(String[] words) throws Throwable {
    String found = System.getProperty("java.specification.version");
    if (Double.parseDouble(found) < WANTED) {
      System.err.println("gatun-bench needs Java " + WANTED + " or newer; this is Java " + found + " (" + System.getProperty("java.home") + ")");
      System.exit(2);
    }
    Class.forName("dev.gatun.bench.Suites").getMethod("run", String[].class).invoke(null, (Object) words);
  }
}
