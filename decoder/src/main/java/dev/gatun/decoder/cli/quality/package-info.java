/** How well models predict a text, and how far two of them are apart. */
package dev.gatun.decoder.cli.quality;
