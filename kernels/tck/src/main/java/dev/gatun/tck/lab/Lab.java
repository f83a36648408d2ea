package dev.gatun.tck.lab;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.Stream;
import dev.gatun.tck.Scale;

/** The backend under test, open, with a stream on it. After a case that failed it is opened anew, so that no case suffers from another. */
public final class Lab implements AutoCloseable {
  private final String name;
  private final BackendOptions options;
  private final Scale scale;
  private Backend backend;
  private Stream stream;
  private boolean planning;

  /**
   * Opens the backend.
   *
   * @throws dev.gatun.BackendUnavailableException with the reasons, where it does not run here
   */
  public Lab(String name, BackendOptions options, Scale scale) {
    this.name = name;
    this.options = options;
    this.scale = scale;
    open();
  }

  private void open() {
    backend = Gatun.open(name, options);
    stream = backend.newStream();
  }

  /** The backend's name. */
  public String name() {
    return name;
  }

  /** The settings it is opened with. */
  public BackendOptions options() {
    return options;
  }

  /** How large the suite's largest sizes are. */
  public Scale scale() {
    return scale;
  }

  /** The backend. */
  public Backend backend() {
    return backend;
  }

  /** The stream that cases run on. */
  public Stream stream() {
    return stream;
  }

  /** Whether tensors are copied into memory of the backend's own and back, since operators do not read the host's. */
  boolean mirrored() {
    return !backend.device().hostMemory();
  }

  /** From now on cases ask for a plan and run nothing. */
  public void planOnly() {
    planning = true;
  }

  /** Whether cases ask for a plan only. */
  boolean isPlanning() {
    return planning;
  }

  /** One more backend of the same name and settings, which the caller closes. */
  public Backend another() {
    return Gatun.open(name, options);
  }

  /** A bench for one case. */
  public Workbench bench() {
    return new Workbench(this);
  }

  /** Closes the backend, whatever state it is in, and opens it again. */
  public void renew() {
    try {
      close();
    } catch (GatunException _) {
      // What failed has been reported; the new one is what counts.
    }
    open();
  }

  @Override
  public void close() {
    try {
      stream.close();
    } finally {
      backend.close();
    }
  }
}
