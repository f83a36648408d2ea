/** Element formats on the CPU: rows of any type to F32 and back, and the scalar conversions under them. */
package dev.gatun.cpu.format;
