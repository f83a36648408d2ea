package dev.gatun.tck.example;

import dev.gatun.GatunException;
import java.util.Arrays;
import java.util.Locale;

/** One thing that is wrong with the backend, chosen by the option {@code defect}; the suite must catch every one but {@link #NONE}. */
public enum Defect {
  /** Nothing is broken. */
  NONE("nothing"),
  /** {@code attention}. */
  MASK_OFF_BY_ONE("a causal token sees the key after its own"),
  /** {@code attention}. */
  ATTENTION_SCALE_FORGOTTEN("scores are not scaled"),
  /** {@code attention}. */
  WINDOW_IGNORED("a sliding window hides nothing"),
  /** {@code attention}. */
  WINDOW_OFF_BY_ONE("a sliding window lets one key too many through"),
  /** {@code attention}. */
  GQA_HEADS_INTERLEAVED("query head h reads key/value head h mod Hkv"),
  /** {@code attention}. */
  ATTENTION_SOFTCAP_IGNORED("scores are not capped"),
  /** {@code attention}. */
  SINK_FORGOTTEN("the sink takes no part in the denominator"),
  /** {@code attention}. */
  STALE_KV_READ("values past a sequence's end are read and multiplied by a weight of zero, which is NaN where they are NaN"),
  /** {@code attention}. */
  KEY_PAST_THE_END("attention without causal mask sees one position past the sequence's last"),
  /** The cache. */
  COPY_ON_WRITE_FORGOTTEN("a page that is copied on write keeps what was in it before"),
  /** The cache. */
  RELEASED_PAGES_KEPT("a released slot keeps its block-table entries, so that an append to it writes a page of somebody else"),
  /** {@code kv_append}. */
  APPEND_AT_ROW("a token goes to the position of its row instead of its own"),
  /** {@code rope}. */
  ROPE_PAIRS_SWAPPED("interleaved rotations pair the halves of a head, half-split ones its neighbours"),
  /** {@code rope}. */
  ROPE_IN_PLACE("the second of a pair is computed from the first after that was overwritten, which shows in place"),
  /** {@code rope}. */
  ROPE_TAIL_NOT_COPIED("the elements past the rotation's dims are left as they were"),
  /** {@code matmul}, {@code embedding}, {@code dequantize}. */
  Q4_0_SCALE_FORGOTTEN("a Q4_0 block's scale counts as one"),
  /** {@code dequantize}, {@code embedding}, {@code matmul}. */
  Q4_0_NIBBLES_IN_PAIRS("the nibbles of a Q4_0 byte are taken for neighbours"),
  /** {@code matmul}. */
  BIAS_FORGOTTEN("a bias is not added"),
  /** {@code matmul}. */
  SUM_ORDER_VARIES("a sum starts at another element in each run: the bits differ, the error does not"),
  /** {@code matmul}. */
  NEIGHBOURS_SHARE_A_SCALE("activations are scaled by the largest of all rows: a row's bits depend on the other rows"),
  /** {@code matmul}. */
  WORKSPACE_OVERFLOW("the scratch is cleared four bytes too far, into a temporary of the program"),
  /** {@code matmul}. */
  SILENT_FALLBACK("the plan names one kernel, and from 64 elements a row on another one runs"),
  /** {@code matmul} after {@code rms_norm}. */
  FUSED_NORM_WITHOUT_WEIGHT("the norm's weight is left out where it is fused with a matmul"),
  /** {@code rms_norm}. */
  WRITE_PAST_THE_END("each row is followed by one element more"),
  /** {@code mul}. */
  WRITE_BEFORE_THE_START("the element before the output is written"),
  /** {@code add}. */
  ROWS_PAST_THE_COUNT("rows past the actual count are written"),
  /** Every operator over varying rows. */
  COUNT_READ_WHEN_COMPILED("the actual count is read when a program is compiled instead of when it runs"),
  /** {@code silu_mul}. */
  STRIDES_IGNORED("rows of the gate are taken to follow each other without gaps"),
  /** {@code scale}. */
  ALIGNMENT_ASSUMED("the address of the input is rounded down to 16 bytes"),
  /** {@code layer_norm}. */
  INPUT_MODIFIED("the input is used as scratch"),
  /** {@code softmax}. */
  NAN_SWALLOWED("an element that is NaN counts as one of weight zero"),
  /** {@code argmax}. */
  ARGMAX_TIE_ORDER("the last index wins a tie"),
  /** {@code argmax}. */
  ARGMAX_NAN_LOSES("a NaN is smaller than any number"),
  /** {@code top_k}. */
  TOP_K_TIE_ORDER("the higher index comes first in a tie"),
  /** {@code sample}. */
  SAMPLE_WRONG_WORD("the random number is the second word of Philox"),
  /** {@code sample}. */
  SAMPLE_TOP_P_TOO_SHORT("the id whose share reaches top_p is left out"),
  /** {@code penalize}. */
  PENALTY_COUNTS_ONCE("the frequency penalty does not count repetitions"),
  /** {@code embedding}. */
  EMBEDDING_ID_CLAMPED("an id past the table gives its last row instead of NaN"),
  /** {@code copy}. */
  BF16_TRUNCATED("a copy to BF16 cuts the lower bits off instead of rounding"),
  /** {@code quantize}. */
  CODES_TRUNCATED("codes of Q8_0 are rounded towards zero"),
  /** Streams. */
  UNSYNCHRONISED_STREAM("synchronize returns before the work is done"),
  /** Streams. */
  COPIES_OVERTAKE("a copy does not wait for the work submitted before it"),
  /** The cache. */
  CACHE_CHANGES_OVERTAKE("the block table changes at once instead of in the stream's order"),
  /** Plans. */
  UNSTABLE_PLAN("two asks for the same case give different plans"),
  /** Options. */
  UNKNOWN_OPTION_IGNORED("an option that is not known is passed over"),
  /** Memory. */
  MEMORY_NEVER_GIVEN_BACK("freed memory still counts as used"),
  /** The operator named by the option {@code at}. */
  CLAIM_THAT_THROWS("an operator that plan supports fails when it runs"),
  /** The operator named by the option {@code at}. */
  CRASH("the process ends as if by a signal"),
  /** The operator named by the option {@code at}. */
  HANG("the operator never ends");

  private final String description;

  Defect(String description) {
    this.description = description;
  }

  /** What is wrong, in a few words. */
  public String description() {
    return description;
  }

  /** The lower-case name that the option takes. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The defect of that label. @throws GatunException for a name that is none, with those that there are */
  public static Defect of(String label) {
    return Arrays.stream(values()).filter(d -> d.label().equalsIgnoreCase(label.strip())).findFirst()
        .orElseThrow(() -> new GatunException("example: no defect '" + label + "'; there are "
            + Arrays.stream(values()).map(Defect::label).toList()));
  }
}
