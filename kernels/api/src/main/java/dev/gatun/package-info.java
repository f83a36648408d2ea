/** The operators, programs and memory of Gatun. */
package dev.gatun;
