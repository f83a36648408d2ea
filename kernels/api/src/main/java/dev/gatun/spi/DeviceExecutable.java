package dev.gatun.spi;

import dev.gatun.Explanation;
import java.util.List;

/** A compiled program on a device. */
public interface DeviceExecutable extends AutoCloseable {
  /** Memory it owns. */
  long workspaceBytes();

  /** What it runs, with the times of the last profile. */
  List<Explanation.Step> steps();

  @Override
  void close();
}
