package streamlens.bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** A request with its response, on its way through the repartition topic. */
record Call(String series, long timestampMs, long promptTokens, long completionTokens, double latencyMs, boolean isError) {
  static final Serde<Call> BINARY = Serdes.serdeFrom((topic, call) -> call.encode(), (topic, bytes) -> decode(bytes));

  static Call of(Request request, Response response) {
    return new Call(request.series(), request.timestampMs(), request.promptTokens(), response.completionTokens(),
        response.latencyMs(), response.isError());
  }

  private byte[] encode() {
    byte[] text = series.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(33 + text.length).putLong(timestampMs).putLong(promptTokens).putLong(completionTokens)
        .putDouble(latencyMs).put((byte) (isError ? 1 : 0)).put(text).array();
  }

  private static Call decode(byte[] bytes) {
    ByteBuffer from = ByteBuffer.wrap(bytes);
    long timestampMs = from.getLong();
    long promptTokens = from.getLong();
    long completionTokens = from.getLong();
    double latencyMs = from.getDouble();
    boolean isError = from.get() == 1;
    String series = new String(bytes, 33, bytes.length - 33, StandardCharsets.UTF_8);
    return new Call(series, timestampMs, promptTokens, completionTokens, latencyMs, isError);
  }
}
