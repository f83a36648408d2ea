/** Model families: how their files are read, and the parts that their graphs are made of. */
package dev.gatun.decoder.family;
