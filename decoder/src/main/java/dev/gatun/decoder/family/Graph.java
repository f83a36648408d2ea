package dev.gatun.decoder.family;

import dev.gatun.Add;
import dev.gatun.DType;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Program;
import dev.gatun.Scale;
import dev.gatun.Softcap;
import dev.gatun.Tensor;
import dev.gatun.decoder.Dimensions;
import java.util.List;
import java.util.Optional;

/**
 * A model's operators over its weights.
 *
 * @param table the token embedding
 * @param positions a row that is added for each position, if the family has them
 * @param blocks the blocks
 * @param norm the last norm
 * @param output gives the logits
 */
public record Graph(Dimensions sizes, Tensor table, Optional<Tensor> positions, List<Block> blocks, Norm norm, Linear output, Scales scales) {
  /**
   * Appends what leads from token ids to the logits of the wanted rows.
   *
   * @param activations the type of what only matmuls and attention read
   * @param logits where they go, {@code [rows, vocabulary]}, F32
   */
  public void build(Program.Builder program, TokenInputs inputs, int tokens, int rows, KvCache cache, DType activations, Tensor logits) {
    Tensor x = embedded(program, inputs, tokens);
    for (int i = 0; i < blocks.size(); i++) {
      x = blocks.get(i).append(new Scope(program, inputs, tokens, cache, i, activations), x, scales.residual());
    }
    Tensor last = inputs.perRow(program.temporary("last", DType.F32, rows, sizes.embedding()));
    program.add(new GatherRows(x, inputs.rows(), last));
    Tensor normed = inputs.perRow(program.temporary("output_norm", DType.F32, rows, sizes.embedding()));
    norm.append(program, last, normed);
    if (scales.logits() != 1) {
      // Here and not behind the product, whose rows are longer.
      Tensor scaled = inputs.perRow(program.temporary("output_scaled", DType.F32, rows, sizes.embedding()));
      program.add(new Scale(normed, scales.logits(), scaled));
      normed = scaled;
    }
    Tensor product = scales.softcap() == 0 ? logits : program.temporary("uncapped", DType.F32, logits.shape().sizes());
    output.append(program, normed, inputs.perRow(product));
    if (scales.softcap() != 0) {
      program.add(new Softcap(inputs.perRow(product), scales.softcap(), inputs.perRow(logits)));
    }
  }

  private Tensor embedded(Program.Builder program, TokenInputs inputs, int tokens) {
    Tensor x = inputs.perToken(program.temporary("embedding", DType.F32, tokens, sizes.embedding()));
    program.add(new Embedding(inputs.ids(), table, x));
    if (scales.embedding() != 1) {
      Tensor scaled = inputs.perToken(program.temporary("embedding_scaled", DType.F32, tokens, sizes.embedding()));
      program.add(new Scale(x, scales.embedding(), scaled));
      x = scaled;
    }
    if (positions.isPresent()) {
      Tensor places = inputs.perToken(program.temporary("position", DType.F32, tokens, sizes.embedding()));
      program.add(new Embedding(inputs.batch().positions(), positions.get(), places));
      Tensor placed = inputs.perToken(program.temporary("placed", DType.F32, tokens, sizes.embedding()));
      program.add(new Add(x, places, placed));
      x = placed;
    }
    return x;
  }
}
