package dev.gatun.decoder.cli.bench;

import java.util.Map;
import java.util.function.Function;

/**
 * A kernel on one size.
 *
 * @param kernel the operator's name
 * @param name what tells this case from the operator's others, for example {@code llama-3-8b ffn_gate q4_0 m=1}
 * @param sizes what a peer needs to do the same: sizes, types
 * @param layOut makes it in memory
 */
public record KernelCase(String kernel, String name, Map<String, Object> sizes, Function<Lab, Trial> layOut) {
  @Override
  public String toString() {
    return kernel + " " + name;
  }
}
