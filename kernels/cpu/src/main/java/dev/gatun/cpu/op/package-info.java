/** The CPU form of each operator, one file each, and what they share. */
package dev.gatun.cpu.op;
