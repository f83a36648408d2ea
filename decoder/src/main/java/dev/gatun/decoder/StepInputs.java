package dev.gatun.decoder;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.GatherRows;
import dev.gatun.Ragged;
import dev.gatun.Shape;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.decoder.family.TokenInputs;

/**
 * The device memory that the host writes before a step: one I32 buffer, so that it is one copy. Views of it carry the actual counts, so that one
 * compiled program serves every step up to its bounds.
 */
final class StepInputs implements TokenInputs {
  private final int tokens;
  private final int sequences;
  private final int rows;
  private final Tensor all;
  private final HostSide staged;

  /** Inputs of up to {@code tokens} tokens of up to {@code sequences} sequences, of which up to {@code rows} give logits. */
  StepInputs(Backend backend, int tokens, int sequences, int rows) {
    this.tokens = tokens;
    this.sequences = sequences;
    this.rows = rows;
    int size = 3 + 2 * tokens + sequences + 1 + sequences + rows;
    this.all = backend.allocate(DType.I32, size);
    this.staged = new HostSide(all);
  }

  Tensor all() {
    return all;
  }

  private Tensor part(int from, int size) {
    return Tensor.of(all.storage(), 4L * from, DType.I32, Shape.of(size));
  }

  private Tensor tokenCount() {
    return part(0, 1);
  }

  private Tensor sequenceCount() {
    return part(1, 1);
  }

  Tensor rowCount() {
    return part(2, 1);
  }

  @Override
  public Tensor ids() {
    return everyId().withCount(tokenCount());
  }

  /** The ids' memory, without a count. */
  Tensor everyId() {
    return part(3, tokens);
  }

  private Tensor positions() {
    return part(3 + tokens, tokens).withCount(tokenCount());
  }

  /** The positions, one to a row, their bits as those of F32: gather_rows moves no integers, and changes no bits. */
  private Tensor positionBits(StepInputs by) {
    return Tensor.of(all.storage(), 4L * (3 + tokens), DType.F32, Shape.of(tokens, 1)).withCount(by.tokenCount());
  }

  /** Leaves in {@code next} the position after each of these: {@code successors} holds, as bits of F32, i + 1 at row i. */
  GatherRows advance(Tensor successors, StepInputs next) {
    return new GatherRows(successors, positions(), next.positionBits(this));
  }

  /** The positions of steps that have one row of logits for each token. */
  Tensor positionOfEachRow() {
    return part(3 + tokens, tokens).withCount(rowCount());
  }

  @Override
  public Tensor rows() {
    return part(3 + 2 * tokens + 2 * sequences + 1, rows).withCount(rowCount());
  }

  @Override
  public Ragged batch() {
    Tensor starts = part(3 + 2 * tokens, sequences + 1);
    Tensor slots = part(3 + 2 * tokens + sequences + 1, sequences).withCount(sequenceCount());
    return new Ragged(starts, slots, positions());
  }

  @Override
  public Tensor perToken(Tensor tensor) {
    return tensor.withCount(tokenCount());
  }

  @Override
  public Tensor perRow(Tensor tensor) {
    return tensor.withCount(rowCount());
  }

  void clear() {
    staged.set(0, 0);
    staged.set(1, 0);
    staged.set(2, 0);
  }

  /** Adds one sequence's tokens, the first of them at {@code position}; the last {@code logits} of them give logits. */
  void add(int slot, int position, int[] ids, int from, int to, int logits) {
    int first = staged.get(0);
    int sequence = staged.get(1);
    int row = staged.get(2);
    int token = first;
    for (int i = from; i < to; i++) {
      staged.set(3 + token, ids[i]);
      staged.set(3 + tokens + token, position + i - from);
      if (to - i <= logits) {
        staged.set(3 + 2 * tokens + 2 * sequences + 1 + row++, token);
      }
      token++;
    }
    staged.set(3 + 2 * tokens + sequence, first);
    staged.set(3 + 2 * tokens + sequence + 1, token);
    staged.set(3 + 2 * tokens + sequences + 1 + sequence, slot);
    staged.set(0, token);
    staged.set(1, sequence + 1);
    staged.set(2, row);
  }

  /** Writes what was added to the device, and waits for it and the work before. */
  void send(Stream stream) {
    staged.send(stream);
    stream.synchronize();
  }
}
