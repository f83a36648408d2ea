package dev.gatun.decoder.family;

import dev.gatun.DType;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Tensor;
import java.util.Optional;

/** A rotation with the frequency factors of the file, if it has some. */
record Rotary(Rotation rotation, Optional<Tensor> factors) {
  /** Rotates heads into a temporary of the same shape. */
  Tensor append(Scope scope, String name, DType type, Tensor heads) {
    Tensor turned = scope.like(name + "_rope", type, heads);
    append(scope, heads, turned);
    return turned;
  }

  void append(Scope scope, Tensor heads, Tensor turned) {
    scope.program().add(new Rope(heads, scope.inputs().batch().positions(), factors, rotation, turned));
  }
}
