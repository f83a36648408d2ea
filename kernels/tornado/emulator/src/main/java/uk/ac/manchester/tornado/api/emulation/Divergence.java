package uk.ac.manchester.tornado.api.emulation;

import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** Work-items of one group that do not meet at the same barriers. */
public final class Divergence extends TornadoRuntimeException {
  private static final long serialVersionUID = 1L;

  Divergence(String message) {
    super(message);
  }
}
