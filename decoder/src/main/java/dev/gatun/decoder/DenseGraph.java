package dev.gatun.decoder;

import dev.gatun.Add;
import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.SiluMul;
import dev.gatun.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * The graph of a dense decoder. Every temporary is written once, so that a backend sees the dataflow as it is.
 *
 * @param d sizes and constants
 * @param table the token embedding
 * @param layers the blocks
 * @param norm the last norm's weight
 * @param output the matrix that gives the logits
 * @param factors frequency factors of the rotation
 */
record DenseGraph(Dimensions d, Tensor table, List<Layer> layers, Tensor norm, Tensor output, Optional<Tensor> factors) implements Family.Graph {
  /** The weights of a block, under the names the GGUF specification gives them. */
  record Layer(Tensor attnNorm, Tensor q, Optional<Tensor> qBias, Tensor k, Optional<Tensor> kBias, Tensor v, Optional<Tensor> vBias,
      Optional<Tensor> qNorm, Optional<Tensor> kNorm, Tensor attnOutput, Optional<Tensor> attnOutputBias, Tensor ffnNorm, Tensor gate,
      Optional<Tensor> gateBias, Tensor up, Optional<Tensor> upBias, Tensor down, Optional<Tensor> downBias) {}

  @Override
  public void build(Program.Builder program, StepInputs inputs, int tokens, int rows, KvCache cache, DType activations, Tensor logits) {
    Tensor x = inputs.perToken(program.temporary("embedding", DType.F32, tokens, d.embedding()));
    program.add(new Embedding(inputs.ids(), table, x));
    for (int i = 0; i < layers.size(); i++) {
      x = block(new Scope(program, inputs, tokens, activations, "." + i), cache, layers.get(i), i, x);
    }
    Tensor last = inputs.perRow(program.temporary("last", DType.F32, rows, d.embedding()));
    program.add(new GatherRows(x, inputs.rows(), last));
    Tensor normed = inputs.perRow(program.temporary("output_norm", DType.F32, rows, d.embedding()));
    program.add(new RmsNorm(last, norm, d.eps(), normed));
    program.add(new Matmul(normed, output, inputs.perRow(logits)));
  }

  private Tensor block(Scope scope, KvCache cache, Layer layer, int index, Tensor x) {
    Program.Builder program = scope.program;
    int tokens = scope.tokens;
    Ragged batch = scope.inputs.batch();

    Tensor n = scope.narrow("attn_norm", d.embedding());
    program.add(new RmsNorm(x, layer.attnNorm, d.eps(), n));
    Tensor q = scope.rows("q", d.heads() * d.keySize());
    Tensor k = scope.rows("k", d.kvHeads() * d.keySize());
    Tensor v = scope.rows("v", d.kvHeads() * d.valueSize());
    program.add(new Matmul(n, layer.q, layer.qBias, q));
    program.add(new Matmul(n, layer.k, layer.kBias, k));
    program.add(new Matmul(n, layer.v, layer.vBias, v));

    // Queries are rounded only where keys are.
    DType query = cache.spec().dtype() == DType.F32 ? DType.F32 : scope.activations;
    Tensor queries = rotated(scope, "q", query, q.reshape(tokens, d.heads(), d.keySize()), layer.qNorm, batch.positions());
    Tensor keys = rotated(scope, "k", DType.F32, k.reshape(tokens, d.kvHeads(), d.keySize()), layer.kNorm, batch.positions());
    program.add(new KvAppend(keys, v.reshape(tokens, d.kvHeads(), d.valueSize()), batch, cache, index));
    Tensor mixed = scope.narrow("attention", d.heads() * d.valueSize());
    program.add(new Attention(queries, new Kv.Paged(cache, index), batch, new Attention.Options(d.attentionScale(), true, d.window(), 0),
        Optional.empty(), mixed.reshape(tokens, d.heads(), d.valueSize())));
    Tensor o = scope.rows("attn_output", d.embedding());
    program.add(new Matmul(mixed, layer.attnOutput, layer.attnOutputBias, o));
    Tensor middle = scope.rows("attn_residual", d.embedding());
    program.add(new Add(x, o, middle));

    Tensor m = scope.narrow("ffn_norm", d.embedding());
    program.add(new RmsNorm(middle, layer.ffnNorm, d.eps(), m));
    Tensor gate = scope.rows("gate", d.feedForward());
    Tensor up = scope.rows("up", d.feedForward());
    Tensor h = scope.narrow("silu_mul", d.feedForward());
    program.add(new Matmul(m, layer.gate, layer.gateBias, gate));
    program.add(new Matmul(m, layer.up, layer.upBias, up));
    program.add(new SiluMul(gate, up, h));
    Tensor down = scope.rows("down", d.embedding());
    program.add(new Matmul(h, layer.down, layer.downBias, down));
    Tensor out = scope.rows("ffn_residual", d.embedding());
    program.add(new Add(middle, down, out));
    return out;
  }

  private Tensor rotated(Scope scope, String name, DType type, Tensor heads, Optional<Tensor> norm, Tensor positions) {
    Tensor normed = heads;
    if (norm.isPresent()) {
      normed = scope.like(name + "_norm", DType.F32, heads);
      scope.program.add(new RmsNorm(heads, norm.get(), d.eps(), normed));
    }
    Tensor turned = scope.like(name + "_rope", type, heads);
    scope.program.add(new Rope(normed, positions, factors, d.rotation(), turned));
    return turned;
  }

  /** Declares a block's temporaries, one row for each token. */
  private record Scope(Program.Builder program, StepInputs inputs, int tokens, DType activations, String suffix) {
    Tensor rows(String name, int width) {
      return inputs.perToken(program.temporary(name + suffix, DType.F32, tokens, width));
    }

    /** Of what only matmuls and attention read. */
    Tensor narrow(String name, int width) {
      return inputs.perToken(program.temporary(name + suffix, activations, tokens, width));
    }

    Tensor like(String name, DType type, Tensor tensor) {
      return inputs.perToken(program.temporary(name + suffix, type, tensor.shape().sizes()));
    }
  }
}
