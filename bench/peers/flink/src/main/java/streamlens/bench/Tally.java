package streamlens.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** The accumulator of a window: sums and a log histogram of base 2^(1/32), written from its first to its last bucket. */
final class Tally {
  /** Latencies from 2^-4 to 2^28 ms. */
  private static final int BUCKETS = 1024;
  private static final double PER_OCTAVE = 32 / Math.log(2);

  static final TypeInformation<Tally> TYPE = new BinaryType<>(Tally.class, new Binary());

  private long requests;
  private long errors;
  private long promptTokens;
  private long completionTokens;
  private double latencyMsSum;
  private int first = BUCKETS;
  private int last = -1;
  private final int[] counts = new int[BUCKETS];

  private Tally add(Call call) {
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

  private Tally merge(Tally other) {
    requests += other.requests;
    errors += other.errors;
    promptTokens += other.promptTokens;
    completionTokens += other.completionTokens;
    latencyMsSum += other.latencyMsSum;
    for (int i = other.first; i <= other.last; i++) counts[i] += other.counts[i];
    first = Math.min(first, other.first);
    last = Math.max(last, other.last);
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
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Adds calls up in place. */
  static final class Sum implements AggregateFunction<Call, Tally, Tally> {
    @Override
    public Tally createAccumulator() {
      return new Tally();
    }

    @Override
    public Tally add(Call call, Tally tally) {
      return tally.add(call);
    }

    @Override
    public Tally getResult(Tally tally) {
      return tally;
    }

    @Override
    public Tally merge(Tally one, Tally other) {
      return one.merge(other);
    }
  }

  static final class Binary extends BinaryType.Serializer<Tally> {
    Binary() {
      super(false);
    }

    /** State on the heap is copied before it is changed while a checkpoint is written. */
    @Override
    public Tally copy(Tally from) {
      return new Tally().merge(from);
    }

    @Override
    public void serialize(Tally tally, DataOutputView to) throws IOException {
      to.writeLong(tally.requests);
      to.writeLong(tally.errors);
      to.writeLong(tally.promptTokens);
      to.writeLong(tally.completionTokens);
      to.writeDouble(tally.latencyMsSum);
      to.writeShort(tally.first);
      to.writeShort(tally.last);
      for (int i = tally.first; i <= tally.last; i++) to.writeInt(tally.counts[i]);
    }

    @Override
    public Tally deserialize(DataInputView from) throws IOException {
      Tally tally = new Tally();
      tally.requests = from.readLong();
      tally.errors = from.readLong();
      tally.promptTokens = from.readLong();
      tally.completionTokens = from.readLong();
      tally.latencyMsSum = from.readDouble();
      tally.first = from.readShort();
      tally.last = from.readShort();
      for (int i = tally.first; i <= tally.last; i++) tally.counts[i] = from.readInt();
      return tally;
    }

    @Override
    public TypeSerializerSnapshot<Tally> snapshotConfiguration() {
      return new Version1();
    }
  }

  public static final class Version1 extends BinaryType.Snapshot<Tally> {
    public Version1() {
      super(Binary::new);
    }
  }
}
