package dev.gatun.decoder.gguf;

/** A tensor that will be written: its place is an offset from the data section's start. */
record PlannedTensor(String name, GgufType type, long[] shape, long rowBytes, long bytes, long offset, TensorSource source) {}
