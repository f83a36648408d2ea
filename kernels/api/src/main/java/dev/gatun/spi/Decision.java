package dev.gatun.spi;

/** The answer to a {@link dev.gatun.Case}: a {@link Plan}, or {@link Unsupported} with a reason. */
public sealed interface Decision permits Plan, Unsupported {}
