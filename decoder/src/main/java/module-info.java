/** GGUF files, tokenizers, model families, the decoder loop and the {@code gatun} command. */
module dev.gatun.decoder {
  requires transitive dev.gatun;
  requires com.fasterxml.jackson.core;
  requires dev.gatun.tck;
  requires java.management;
  requires jdk.management;
  requires info.picocli;

  exports dev.gatun.decoder.chat;
  exports dev.gatun.decoder;
  exports dev.gatun.decoder.gguf;
  exports dev.gatun.decoder.model;
  exports dev.gatun.decoder.tokenizer;

  opens dev.gatun.decoder.cli to info.picocli;
}
