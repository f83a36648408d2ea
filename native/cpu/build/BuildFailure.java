/** The build cannot go on. The message is all that is shown: what is wrong, where, and what to do. */
final class BuildFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  BuildFailure(String message) {
    super(message);
  }

  BuildFailure(String message, Throwable cause) {
    super(message + ": " + cause, cause);
  }
}
