/**
 * The float64 truth that every backend is held to: what the bytes of each element type mean, seeded inputs, and how far an answer is from
 * the expected one. Plain Java, written for reading, sharing no code with any backend.
 */
package dev.gatun.tck.oracle;
