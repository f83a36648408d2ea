/** Shapes of well-known models, models of those shapes with weights from a seed, and models rounded to another type. */
package dev.gatun.decoder.model;
