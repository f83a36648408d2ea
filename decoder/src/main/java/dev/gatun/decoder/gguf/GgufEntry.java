package dev.gatun.decoder.gguf;

/**
 * A tensor as the file's index lists it, whether or not Gatun can compute with its type.
 *
 * @param name the name in the file
 * @param type the element type
 * @param shape the dimensions, outermost first
 * @param part which file of a split model holds it, counted from 0
 * @param offset where its bytes start in that file, in bytes from the file's start
 * @param bytes how many bytes it takes
 */
public record GgufEntry(String name, GgufType type, long[] shape, int part, long offset, long bytes) {}
