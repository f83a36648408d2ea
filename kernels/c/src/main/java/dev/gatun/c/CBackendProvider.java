package dev.gatun.c;

import dev.gatun.BackendOptions;
import dev.gatun.GatunException;
import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.BackendProvider;
import dev.gatun.spi.Spi;
import java.util.Objects;

/**
 * A backend whose work is done by a shared library that exports the functions of {@code gatun_backend.h}. A vendor's Java side is a
 * subclass with a public constructor without parameters,
 *
 * <pre>{@code
 * public final class AcmeProvider extends CBackendProvider {
 *   public AcmeProvider() {
 *     super("acme", "Acme accelerators", "acme_gatun");
 *   }
 * }
 * }</pre>
 *
 * and a file {@code META-INF/services/dev.gatun.spi.BackendProvider} that names it. Options given by the user are passed to the library as
 * they are.
 */
public abstract class CBackendProvider implements BackendProvider {
  /** Over the CPU backend's score, under that of a backend made for one device only. */
  private static final int SCORE = 50;

  private final String name;
  private final String description;
  private final String library;

  /**
   * A backend over a library, which is loaded when the backend is first asked for.
   *
   * @param name the name users open it by; lower case, without spaces
   * @param description one line for {@code gatun backends}
   * @param library a file, if it has a folder in it; else a name for the system's library search path and the folders of {@code
   *     java.library.path}:
   *     {@code acme_gatun} for {@code libacme_gatun.so}, {@code acme_gatun.dll} and their like, or a whole file name. The system property
   *     {@code gatun.NAME.library} names another in its place
   */
  protected CBackendProvider(String name, String description, String library) {
    this.name = Objects.requireNonNull(name, "name");
    this.description = Objects.requireNonNull(description, "description");
    this.library = Objects.requireNonNull(library, "library");
  }

  @Override
  public final int apiVersion() {
    return Spi.VERSION;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final String description() {
    return description;
  }

  /** The score where it works: 50 unless overridden, where the CPU backend has 10 and the CUDA backend 100. The highest is the default. */
  protected int score() {
    return SCORE;
  }

  @Override
  public final Availability probe(BackendOptions options) {
    try {
      return load().probe(options).map(Availability::no).orElseGet(() -> Availability.yes(score()));
    } catch (CLibrary.NotLoaded | GatunException e) {
      return Availability.no(e.getMessage());
    }
  }

  @Override
  public final BackendDriver open(BackendOptions options) {
    try {
      return CDriver.open(load(), options);
    } catch (CLibrary.NotLoaded e) {
      throw new GatunException(name + ": " + e.getMessage(), e);
    }
  }

  private CLibrary load() throws CLibrary.NotLoaded {
    String property = "gatun." + name + ".library";
    String asked = System.getProperty(property, "");
    return CLibrary.load(name, asked.isBlank() ? library : asked, property);
  }
}
