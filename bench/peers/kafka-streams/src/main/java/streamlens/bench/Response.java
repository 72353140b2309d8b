package streamlens.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** What the join keeps of a response. */
record Response(double latencyMs, long completionTokens, boolean isError) {
  private static final JsonFactory JSON = new JsonFactory();

  static final Deserializer<Response> FROM_JSON = (topic, bytes) -> bytes == null ? null : parse(bytes);

  static final Serde<Response> BINARY = Serdes.serdeFrom((topic, response) -> response.encode(), (topic, bytes) -> decode(bytes));

  private static Response parse(byte[] bytes) {
    double latencyMs = 0;
    long completionTokens = 0;
    boolean isError = false;
    try (JsonParser parser = JSON.createParser(bytes)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken token = parser.nextToken();
        switch (name) {
          case "latency_ms" -> latencyMs = parser.getDoubleValue();
          case "completion_tokens" -> completionTokens = parser.getLongValue();
          case "error" -> isError = token == JsonToken.VALUE_STRING && !parser.getText().isEmpty();
          default -> parser.skipChildren();
        }
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    return new Response(latencyMs, completionTokens, isError);
  }

  private byte[] encode() {
    return ByteBuffer.allocate(17).putDouble(latencyMs).putLong(completionTokens).put((byte) (isError ? 1 : 0)).array();
  }

  private static Response decode(byte[] bytes) {
    ByteBuffer from = ByteBuffer.wrap(bytes);
    return new Response(from.getDouble(), from.getLong(), from.get() == 1);
  }
}
