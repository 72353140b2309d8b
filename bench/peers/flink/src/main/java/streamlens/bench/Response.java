package streamlens.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.StringValue;

/** What the join keeps of a response. */
record Response(String id, long loggedAtMs, double latencyMs, long completionTokens, boolean isError) {
  private static final JsonFactory JSON = new JsonFactory();

  static final TypeInformation<Response> TYPE = new BinaryType<>(Response.class, new Binary());

  static Response parse(String id, long loggedAtMs, byte[] bytes) throws IOException {
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
    }
    return new Response(id, loggedAtMs, latencyMs, completionTokens, isError);
  }

  static final class Binary extends BinaryType.Serializer<Response> {
    Binary() {
      super(true);
    }

    @Override
    public void serialize(Response response, DataOutputView to) throws IOException {
      StringValue.writeString(response.id, to);
      to.writeLong(response.loggedAtMs);
      to.writeDouble(response.latencyMs);
      to.writeLong(response.completionTokens);
      to.writeBoolean(response.isError);
    }

    @Override
    public Response deserialize(DataInputView from) throws IOException {
      String id = StringValue.readString(from);
      return new Response(id, from.readLong(), from.readDouble(), from.readLong(), from.readBoolean());
    }

    @Override
    public TypeSerializerSnapshot<Response> snapshotConfiguration() {
      return new Version1();
    }
  }

  public static final class Version1 extends BinaryType.Snapshot<Response> {
    public Version1() {
      super(Binary::new);
    }
  }
}
