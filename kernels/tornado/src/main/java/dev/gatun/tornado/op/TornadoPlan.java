package dev.gatun.tornado.op;

import dev.gatun.spi.Plan;
import java.util.List;

/**
 * What TornadoVM would run.
 *
 * @param kernel the kernel that does the main part
 * @param tile how the work is cut
 * @param workspaceBytes scratch memory
 * @param bytes bytes moved
 * @param flops operations done
 * @param rejected other plans with the reasons against them
 */
public record TornadoPlan(String kernel, String tile, long workspaceBytes, long bytes, long flops, List<String> rejected) implements Plan {}
