package dev.gatun.decoder.family;

/** Granite 3 MoE: Granite with experts, in some files beside a unit that all tokens take. */
final class GraniteMoe implements Family {
  @Override
  public String architecture() {
    return "granitemoe";
  }

  @Override
  public Blueprint read(Keys keys) {
    // llama.cpp reads no rope.scaling.finetuned here.
    return Granite.mixture(keys, true);
  }
}
