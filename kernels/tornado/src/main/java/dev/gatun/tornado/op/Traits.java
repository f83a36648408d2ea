package dev.gatun.tornado.op;

import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.Kernel;
import java.util.Optional;

/**
 * What plans depend on of a device.
 *
 * @param units compute units
 * @param local items of a work-group that reduces a row: a power of two, at most {@value #MOST_LOCAL}
 * @param localBytes local memory of a work-group
 * @param cpu whether the device is a processor, which runs a group's items one after the other
 */
public record Traits(int units, int local, long localBytes, boolean cpu) {
  /** The most items of a group: what kernels' local arrays are sized for. */
  public static final int MOST_LOCAL = 256;

  /** Whether a group has the local memory that a kernel takes. */
  boolean holds(Kernel kernel) {
    return kernel.localBytes() <= localBytes;
  }

  /** Why a kernel's local arrays have no place, if they have none. */
  Optional<Unsupported> refusal(Kernel kernel) {
    return holds(kernel) ? Optional.empty()
        : Optional.of(new Unsupported(kernel.name() + " takes " + kernel.localBytes() + " bytes of local memory, the device has " + localBytes + "; use another device"));
  }

  /** Why there is no launch of so many groups, if there is none. */
  Optional<Unsupported> refusal(String operator, long groups) {
    long most = Integer.MAX_VALUE / local;
    return groups <= most ? Optional.empty()
        : Optional.of(new Unsupported(operator + " would take " + groups + " work-groups, a launch has " + most + " at most; split its rows"));
  }
}
