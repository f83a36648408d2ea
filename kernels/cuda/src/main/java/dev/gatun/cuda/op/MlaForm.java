package dev.gatun.cuda.op;

/** One way to do latent attention, with what it costs. */
interface MlaForm {
  /** What it is called. */
  String name();

  /** The kernel that attends. */
  String kernel();

  /** How the work is cut. */
  String tile();

  /** Scratch memory. */
  long workspaceBytes();

  /** Operations at the bounds. */
  long flops();

  /** What its launches take by count, in clocks of one multiprocessor: products against the units that do them, bytes against L2. */
  long clocks();

  /** Adds the launches. */
  void bind(Binding binding);

  /** Why this form is passed over for another. */
  default String rejected(MlaForm taken) {
    return name() + ": " + flops() + " operations and " + clocks() + " clocks of a multiprocessor by count at the bounds, where " + taken.name() + " has " + taken.flops()
        + " and " + taken.clocks();
  }
}
