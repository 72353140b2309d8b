package streamlens.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** What the join keeps of a request: parsed once with Jackson's streaming parser, then stored as a few bytes. */
record Request(String series, long timestampMs, long promptTokens) {
  private static final JsonFactory JSON = new JsonFactory();

  static final Deserializer<Request> FROM_JSON = (topic, bytes) -> bytes == null ? null : parse(bytes);

  static final Serde<Request> BINARY = Serdes.serdeFrom((topic, request) -> request.encode(), (topic, bytes) -> decode(bytes));

  private static Request parse(byte[] bytes) {
    String tenant = "";
    String route = "";
    String model = "";
    long timestampMs = 0;
    long promptTokens = 0;
    try (JsonParser parser = JSON.createParser(bytes)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        switch (name) {
          case "tenant_id" -> tenant = parser.getText();
          case "route" -> route = parser.getText();
          case "model" -> model = parser.getText();
          case "timestamp" -> timestampMs = Instant.parse(parser.getText()).toEpochMilli();
          case "prompt_tokens" -> promptTokens = parser.getLongValue();
          default -> parser.skipChildren();
        }
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    return new Request(tenant + '|' + route + '|' + model, timestampMs, promptTokens);
  }

  private byte[] encode() {
    byte[] text = series.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(16 + text.length).putLong(timestampMs).putLong(promptTokens).put(text).array();
  }

  private static Request decode(byte[] bytes) {
    ByteBuffer from = ByteBuffer.wrap(bytes);
    long timestampMs = from.getLong();
    long promptTokens = from.getLong();
    return new Request(new String(bytes, 16, bytes.length - 16, StandardCharsets.UTF_8), timestampMs, promptTokens);
  }
}
