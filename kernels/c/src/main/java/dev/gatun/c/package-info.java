/**
 * Backends written in C. A vendor's shared library exports the functions of {@code META-INF/gatun/c/gatun_backend.h}, which travels in
 * this jar; a class of a few lines that extends {@link dev.gatun.c.CBackendProvider} makes a backend of it.
 */
package dev.gatun.c;
