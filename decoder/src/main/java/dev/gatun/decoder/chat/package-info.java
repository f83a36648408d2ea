/** Conversations as the prompt text that a chat model was trained on. */
package dev.gatun.decoder.chat;
