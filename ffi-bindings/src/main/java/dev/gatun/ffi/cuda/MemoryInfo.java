package dev.gatun.ffi.cuda;

/**
 * A device's memory as its context sees it.
 *
 * @param free bytes that can still be allocated
 * @param total bytes that the device has
 */
public record MemoryInfo(long free, long total) {}
