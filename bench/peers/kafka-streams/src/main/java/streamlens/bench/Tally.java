package streamlens.bench;

import java.nio.ByteBuffer;
import java.util.Locale;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** The aggregate of a window: sums and a log histogram of base 2^(1/32), stored from its first to its last bucket. */
final class Tally {
  /** Latencies from 2^-4 to 2^28 ms. */
  private static final int BUCKETS = 1024;
  private static final double PER_OCTAVE = 32 / Math.log(2);

  static final Serde<Tally> BINARY = Serdes.serdeFrom((topic, tally) -> tally.encode(), (topic, bytes) -> decode(bytes));

  private long requests;
  private long errors;
  private long promptTokens;
  private long completionTokens;
  private double latencyMsSum;
  private int first = BUCKETS;
  private int last = -1;
  private final int[] counts = new int[BUCKETS];

  Tally add(Call call) {
    requests++;
    if (call.isError()) errors++;
    promptTokens += call.promptTokens();
    completionTokens += call.completionTokens();
    latencyMsSum += call.latencyMs();
    int bucket = (int) Math.ceil(Math.log(Math.max(call.latencyMs(), 0.0625)) * PER_OCTAVE) + 128;
    bucket = Math.min(Math.max(bucket, 0), BUCKETS - 1);
    counts[bucket]++;
    first = Math.min(first, bucket);
    last = Math.max(last, bucket);
    return this;
  }

  private double quantile(double q) {
    long rank = Math.max(1, (long) Math.ceil(q * requests));
    for (int i = first; i <= last; i++) if ((rank -= counts[i]) <= 0) return Math.pow(2, (i - 128) / 32.0);
    return 0;
  }

  byte[] toJson() {
    String text = String.format(Locale.ROOT,
        "{\"requests\":%d,\"errors\":%d,\"prompt_tokens\":%d,\"completion_tokens\":%d,\"avg_latency_ms\":%s,\"p95_latency_ms\":%s}",
        requests, errors, promptTokens, completionTokens, latencyMsSum / requests, quantile(0.95));
    return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  private byte[] encode() {
    ByteBuffer to = ByteBuffer.allocate(48 + 4 * Math.max(0, last - first + 1));
    to.putLong(requests).putLong(errors).putLong(promptTokens).putLong(completionTokens).putDouble(latencyMsSum);
    to.putInt(first).putInt(last);
    for (int i = first; i <= last; i++) to.putInt(counts[i]);
    return to.array();
  }

  private static Tally decode(byte[] bytes) {
    if (bytes == null) return null;
    ByteBuffer from = ByteBuffer.wrap(bytes);
    Tally tally = new Tally();
    tally.requests = from.getLong();
    tally.errors = from.getLong();
    tally.promptTokens = from.getLong();
    tally.completionTokens = from.getLong();
    tally.latencyMsSum = from.getDouble();
    tally.first = from.getInt();
    tally.last = from.getInt();
    for (int i = tally.first; i <= tally.last; i++) tally.counts[i] = from.getInt();
    return tally;
  }
}
