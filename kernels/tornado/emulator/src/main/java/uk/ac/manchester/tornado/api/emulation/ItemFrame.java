package uk.ac.manchester.tornado.api.emulation;

/** What a method that is cut at its barriers keeps while its work-item waits: where it stands and its local variables. */
public final class ItemFrame {
  /** At which cut the method waits, counted from 1; 0 when it is to start or has ended. */
  public int state;
  /** The variables of primitive types, as bits. */
  public final long[] words;
  /** The other variables. */
  public final Object[] references;
  private ItemFrame callee;

  ItemFrame(int variables) {
    words = new long[variables];
    references = new Object[variables];
  }

  /** Keeps a variable; most have not changed, and looking costs less than telling the garbage collector. */
  public void keep(int variable, Object value) {
    if (references[variable] != value) {
      references[variable] = value;
    }
  }

  /** The frame of the method that this one calls. */
  public ItemFrame callee() {
    if (callee == null) {
      callee = new ItemFrame(words.length);
    }
    return callee;
  }
}
