package dev.gatun.decoder.cli;
@picocli.CommandLine.Command(name="run") final class RunCommand implements java.util.concurrent.Callable<Integer>{ RunCommand(Terminal t){} public Integer call(){return 0;}}
