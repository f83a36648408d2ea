/**
 * What a vendor implements to bring a backend. Users of operators do not need it. A backend registers a {@link dev.gatun.spi.BackendProvider} in its
 * {@code module-info} and in {@code META-INF/services}; everything it is handed has been checked by {@link dev.gatun}: open handles, shapes, dtypes,
 * aliasing, ownership, one thread per stream.
 */
package dev.gatun.spi;
