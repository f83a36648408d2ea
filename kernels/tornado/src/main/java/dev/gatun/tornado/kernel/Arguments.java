package dev.gatun.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/** What a kernel is given. Operands are counted from 0 in the order of {@link Launch#places()}. */
public interface Arguments {
  /** The work-item's place in the grid. */
  KernelContext context();

  /** One number: where the launch's own integers and floats begin. */
  IntArray at();

  /** The integers of all launches of the graph. */
  IntArray integers();

  /** The floats of all launches of the graph. */
  FloatArray floatingPoint();

  /** Powers of two: element i is 2^(i − 127), the last is infinite. What reinterpreting bits as a float is for elsewhere. */
  FloatArray powers();

  /** The memory of an operand as floats. */
  FloatArray floats(int operand);

  /** The memory of an operand as 32-bit integers. */
  IntArray ints(int operand);

  /** The memory of an operand as 16-bit integers. */
  ShortArray shorts(int operand);

  /** The memory of an operand as bytes. */
  ByteArray bytes(int operand);
}
