/** Shapes of well-known models, and models of those shapes with weights from a seed. */
package dev.gatun.decoder.model;
