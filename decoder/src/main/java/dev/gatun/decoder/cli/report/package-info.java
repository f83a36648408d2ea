/** Measured results of any tool, read from their files and shown as one page. */
package dev.gatun.decoder.cli.report;
