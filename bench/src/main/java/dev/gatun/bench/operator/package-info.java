/** Every operator of the catalogue under JMH: checked, rotated past the caches, by the device's clock and beside its roofline. */
package dev.gatun.bench.operator;
