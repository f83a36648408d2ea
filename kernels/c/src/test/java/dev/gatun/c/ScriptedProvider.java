package dev.gatun.c;

/** The library of {@code src/test/c/scripted}, whose failures its options script. */
public final class ScriptedProvider extends CBackendProvider {
  /** For {@link java.util.ServiceLoader}. */
  public ScriptedProvider() {
    super("scripted", "failures as scripted", "scripted_gatun");
  }

  @Override
  protected int score() {
    return 3;
  }
}
