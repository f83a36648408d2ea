package dev.gatun.decoder.cli;
@picocli.CommandLine.Command(name="bench") final class BenchCommand implements java.util.concurrent.Callable<Integer>{ BenchCommand(Terminal t){} public Integer call(){return 0;}}
