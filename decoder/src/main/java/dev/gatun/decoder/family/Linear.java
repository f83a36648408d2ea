package dev.gatun.decoder.family;

import dev.gatun.Matmul;
import dev.gatun.Program;
import dev.gatun.Tensor;
import java.util.Optional;

/** A matrix and the bias that is added to its products, if the file has one. */
record Linear(Tensor weight, Optional<Tensor> bias) {
  void append(Program.Builder program, Tensor x, Tensor y) {
    program.add(new Matmul(x, weight, bias, y));
  }

  int rows() {
    return Math.toIntExact(weight.size(0));
  }
}
