/** The suite in a build of JUnit 5, which whoever uses this package brings along. */
package dev.gatun.tck.junit;
