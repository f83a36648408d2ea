package dev.gatun.decoder.cli;
@picocli.CommandLine.Command(name="explain") final class ExplainCommand implements java.util.concurrent.Callable<Integer>{ ExplainCommand(Terminal t){} public Integer call(){return 0;}}
