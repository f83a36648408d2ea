/** The decoder: a model file, its family's graph, and the loop that turns token ids into more token ids. */
package dev.gatun.decoder;
