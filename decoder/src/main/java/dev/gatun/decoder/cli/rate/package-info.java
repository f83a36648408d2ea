/** Tokens per second: the tests of the {@code bench} command, how they are timed, and when one has become slower. */
package dev.gatun.decoder.cli.rate;
