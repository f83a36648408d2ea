package uk.ac.manchester.tornado.api;

import java.util.List;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** An execution that has ended. */
public class TornadoExecutionResult {
  private final List<ImmutableTaskGraph> graphs;

  TornadoExecutionResult(List<ImmutableTaskGraph> graphs) {
    this.graphs = graphs;
  }

  /** Copies these arrays to the host, from whichever graph of the plan has them on the device. */
  public TornadoExecutionResult transferToHost(Object... objects) {
    for (Object object : objects) {
      if (!(object instanceof TornadoNativeArray array) || graphs.stream().noneMatch(g -> g.memory.download(array))) {
        throw new TornadoRuntimeException("transferToHost is given an object that the plan has not on the device: " + object);
      }
    }
    return this;
  }

  /** True: the emulator's executions end before they are answered. */
  public boolean isReady() {
    return true;
  }
}
