package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.Extent.Point;
import uk.ac.manchester.tornado.api.emulation.LocalMemory;
import uk.ac.manchester.tornado.api.emulation.Lockstep;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/**
 * Where a work-item stands in its grid, its group's barrier and its group's local memory. A task graph is given an empty one, in whose
 * place each work-item gets its own.
 */
public class KernelContext {
  private static final Point NOWHERE = new Point(0, 0, 0);

  /** The item in the grid, along x. */
  public final Integer globalIdx;
  /** The item in the grid, along y. */
  public final Integer globalIdy;
  /** The item in the grid, along z. */
  public final Integer globalIdz;
  /** The group, along x. */
  public final Integer groupIdx;
  /** The group, along y. */
  public final Integer groupIdy;
  /** The group, along z. */
  public final Integer groupIdz;
  /** The item in its group, along x. */
  public final Integer localIdx;
  /** The item in its group, along y. */
  public final Integer localIdy;
  /** The item in its group, along z. */
  public final Integer localIdz;
  /** The items of the grid, along x. */
  public final Integer globalGroupSizeX;
  /** The items of the grid, along y. */
  public final Integer globalGroupSizeY;
  /** The items of the grid, along z. */
  public final Integer globalGroupSizeZ;
  /** The items of a group, along x. */
  public final Integer localGroupSizeX;
  /** The items of a group, along y. */
  public final Integer localGroupSizeY;
  /** The items of a group, along z. */
  public final Integer localGroupSizeZ;

  private final Lockstep lockstep;
  private final int item;

  /** The empty one that a task is given. */
  public KernelContext() {
    this(NOWHERE, NOWHERE, NOWHERE, NOWHERE, 0, null);
  }

  KernelContext(Point globalSize, Point localSize, Point group, Point local, int item, Lockstep lockstep) {
    groupIdx = group.x();
    groupIdy = group.y();
    groupIdz = group.z();
    localIdx = local.x();
    localIdy = local.y();
    localIdz = local.z();
    localGroupSizeX = localSize.x();
    localGroupSizeY = localSize.y();
    localGroupSizeZ = localSize.z();
    globalGroupSizeX = globalSize.x();
    globalGroupSizeY = globalSize.y();
    globalGroupSizeZ = globalSize.z();
    globalIdx = groupIdx * localGroupSizeX + localIdx;
    globalIdy = groupIdy * localGroupSizeY + localIdy;
    globalIdz = groupIdz * localGroupSizeZ + localIdz;
    this.lockstep = lockstep;
    this.item = item;
  }

  /** Waits until every item of the group is here; all of them must come. */
  public void localBarrier() {
    if (lockstep != null) {
      lockstep.barrier(item);
    }
  }

  /** A barrier whose writes to global memory the group sees; the emulator refuses it, since no kernel here needs it. */
  public void globalBarrier() {
    throw new TornadoRuntimeException("the emulator has no globalBarrier; end the task where all groups must meet");
  }

  /** Ints that the group shares, of unknown content. */
  public int[] allocateIntLocalArray(int size) {
    return memory().ints(item, size);
  }

  /** Longs that the group shares, of unknown content. */
  public long[] allocateLongLocalArray(int size) {
    return memory().longs(item, size);
  }

  /** Floats that the group shares, of unknown content. */
  public float[] allocateFloatLocalArray(int size) {
    return memory().floats(item, size);
  }

  /** Doubles that the group shares, of unknown content. */
  public double[] allocateDoubleLocalArray(int size) {
    return memory().doubles(item, size);
  }

  /** Bytes that the group shares, of unknown content. */
  public byte[] allocateByteLocalArray(int size) {
    return memory().bytes(item, size);
  }

  private LocalMemory memory() {
    if (lockstep == null) {
      throw new TornadoRuntimeException("local memory is there in a task graph's kernels alone");
    }
    return lockstep.memory();
  }
}
