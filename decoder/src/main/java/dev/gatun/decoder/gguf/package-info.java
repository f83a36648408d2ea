/**
 * Reading and writing GGUF files, the container of weights, hyperparameters and tokenizers that llama.cpp uses. The format is
 * described in the GGUF specification ({@code docs/gguf.md} of the ggml project); versions 2 and 3, little endian, are served.
 */
package dev.gatun.decoder.gguf;
