/** Text to token ids and back, by the vocabulary and rules that a GGUF file carries. */
package dev.gatun.decoder.tokenizer;
